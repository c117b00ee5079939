/** Where one is in a list: the selected item and the first visible one. Only visible items are ever turned into rows. */

export class ListState {
  selected = 0;
  top = 0;
  /** Items visible at the last layout: what a page is. */
  page = 10;

  /** The range of items to draw for `count` items on `height` rows, with the selected one inside it. */
  window(count: number, height: number): { readonly from: number; readonly to: number } {
    this.page = Math.max(1, height);
    this.selected = Math.max(0, Math.min(this.selected, count - 1));
    if (this.selected < this.top) this.top = this.selected;
    if (this.selected >= this.top + this.page) this.top = this.selected - this.page + 1;
    this.top = Math.max(0, Math.min(this.top, count - this.page));
    return { from: this.top, to: Math.min(count, this.top + this.page) };
  }

  /** `true` where the action was one of moving. */
  act(action: string, count: number): boolean {
    const to = (index: number): true => {
      this.selected = Math.max(0, Math.min(count - 1, index));
      return true;
    };
    switch (action) {
      case 'up':
        return to(this.selected - 1);
      case 'down':
        return to(this.selected + 1);
      case 'page-up':
        return to(this.selected - this.page);
      case 'page-down':
        return to(this.selected + this.page);
      case 'half-up':
        return to(this.selected - Math.ceil(this.page / 2));
      case 'half-down':
        return to(this.selected + Math.ceil(this.page / 2));
      case 'top':
        return to(0);
      case 'bottom':
        return to(count - 1);
      default:
        return false;
    }
  }
}
