/** An SMTP server that answers each session by a script, to be as faulty as real ones are. */
import { createServer, type Server, type Socket } from 'node:net';

/** What is answered at a stage, where it is not the usual; `drop`: the connection is cut. */
export type Script = Partial<Record<Stage, string>>;

/** `mid`: while the message arrives. */
type Stage = 'greeting' | 'EHLO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'mid' | 'end';

const USUAL: Readonly<Record<Exclude<Stage, 'mid'>, string>> = {
  greeting: '220 mail.example ESMTP',
  EHLO: '250-mail.example\r\n250-STARTTLS\r\n250 AUTH PLAIN',
  STARTTLS: '220 ready',
  AUTH: '235 welcome',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  end: '250 queued',
};

export interface ScriptedSmtp {
  readonly port: number;
  /** The recipients that each accepted mail was for. */
  readonly mails: string[][];
  sessions(): number;
  close(): Promise<void>;
}

/** `script` gives a session's answers by its number, from 1, and for `RCPT` by the recipient. */
export async function scriptedSmtp(script: (session: number, recipient: string) => Script): Promise<ScriptedSmtp> {
  const mails: string[][] = [];
  const sockets = new Set<Socket>();
  let sessions = 0;
  const server: Server = createServer((socket) => {
    const session = ++sessions;
    sockets.add(socket);
    socket.setEncoding('latin1').on('error', () => {});
    let recipients: string[] = [];
    let unread = '';
    let inMessage = false;
    const say = (stage: Exclude<Stage, 'mid'>, recipient = ''): boolean => {
      const answer = script(session, recipient)[stage] ?? USUAL[stage];
      if (answer === 'drop') socket.destroy();
      else socket.write(`${answer}\r\n`);
      return /^[23]/.test(answer);
    };
    say('greeting');
    socket.on('data', (text) => {
      unread += text;
      if (inMessage && script(session, '').mid === 'drop') {
        socket.destroy();
        return;
      }
      for (;;) {
        const end = inMessage ? '\r\n.\r\n' : '\r\n';
        const at = unread.indexOf(end);
        if (at < 0) return;
        const line = unread.slice(0, at);
        unread = unread.slice(at + end.length);
        if (inMessage) {
          inMessage = false;
          if (say('end')) mails.push(recipients);
          continue;
        }
        const command = line.split(' ')[0]!.toUpperCase();
        if (command === 'MAIL') recipients = [];
        const recipient = /<(.*)>/.exec(line)?.[1] ?? '';
        if (command === 'RCPT') {
          if (say('RCPT', recipient)) recipients.push(recipient);
        } else if (command === 'DATA') inMessage = say('DATA');
        else if (command in USUAL) say(command as 'EHLO' | 'STARTTLS' | 'AUTH' | 'MAIL');
        else socket.write('502 not here\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mails,
    sessions: () => sessions,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
