/** What can be a member of one chain at a time. */
export interface Linked<Member> {
  previous: Member | undefined
  next: Member | undefined
  /** Undefined while it is in none. */
  chain: Chain<never> | undefined
}

/**
 * Members in the order of coming, any of which leaves in one step however many there are. A `Set` does the same, but one
 * that is as empty after each call as before costs 200 bytes and a hash for each.
 */
export class Chain<Member extends Linked<Member>> {
  first: Member | undefined = undefined
  last: Member | undefined = undefined
  size = 0

  add(member: Member): Member {
    const { last } = this
    member.chain = this as never
    member.previous = last
    if (last === undefined) this.first = member
    else last.next = member
    this.last = member
    this.size++
    return member
  }

  /**
   * False if it was not there. It forgets its neighbours: one that is dead, but not collected yet, would keep the next one
   * alive, that one the next, and with them all that their calls have left behind.
   */
  remove(member: Member): boolean {
    if (member.chain !== (this as never)) return false
    const { previous, next } = member
    member.chain = undefined
    member.previous = undefined
    member.next = undefined
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    this.size--
    return true
  }
}

/** A member for what belongs to several chains, or is none itself. */
export class Link<Value> implements Linked<Link<Value>> {
  readonly value: Value
  previous: Link<Value> | undefined = undefined
  next: Link<Value> | undefined = undefined
  chain: Chain<never> | undefined = undefined

  constructor(value: Value) {
    this.value = value
  }

  /** False if it is in no chain. */
  leave(): boolean {
    return (this.chain as Chain<Link<Value>> | undefined)?.remove(this) ?? false
  }
}

/** A chain of links. */
export type Links<Value> = Chain<Link<Value>>
