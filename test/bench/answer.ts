/** The child's side of `Child`: answers each question of the parent, and ends with it. */
export function answer<Question>(reply: (question: Question) => Promise<unknown>): void {
  process.on('message', (question) => {
    reply(question as Question).then(
      (value) => process.send?.({ value }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
    )
  })
  process.on('disconnect', () => process.exit(0))
}
