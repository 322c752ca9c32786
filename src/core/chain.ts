/** One member of a chain; whoever holds it takes it out in one step. */
export class Link<T> {
  readonly value: T
  previous: Link<T> | undefined
  next: Link<T> | undefined
  /** Undefined once it is out. */
  chain: Chain<T> | undefined

  constructor(value: T, chain: Chain<T>) {
    this.value = value
    this.chain = chain
    this.previous = undefined
    this.next = undefined
  }

  /** False if it was out already. */
  leave(): boolean {
    const { chain } = this
    if (chain === undefined) return false
    this.chain = undefined
    chain.unlink(this)
    return true
  }
}

/**
 * Members in the order of coming, any of which leaves in one step however many there are. A `Set` does the same, but one
 * that is as empty after each call as before costs 200 bytes and a hash for each.
 */
export class Chain<T> {
  first: Link<T> | undefined
  last: Link<T> | undefined
  size = 0

  add(value: T): Link<T> {
    const link = new Link(value, this)
    const last = this.last
    link.previous = last
    if (last === undefined) this.first = link
    else last.next = link
    this.last = link
    this.size++
    return link
  }

  /** For the link itself. */
  unlink(link: Link<T>): void {
    const { previous, next } = link
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    this.size--
  }
}
