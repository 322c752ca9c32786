/** What a stand-in for `fetch` does at one request: answers with a status, throws, or whatever a function does. */
export type Answer = number | Error | typeof fetch

/** A stand-in for `fetch` that gives one answer after the other, and the last one again and again. */
export function answering(...answers: [Answer, ...Answer[]]): typeof fetch {
  let next = 0
  return async (input, init) => {
    const answer = answers[Math.min(next++, answers.length - 1)] as Answer
    init?.signal?.throwIfAborted()
    if (typeof answer === 'number') return new Response(null, { status: answer })
    if (answer instanceof Error) throw answer
    return answer(input, init)
  }
}

/** Never answers, and ends with the signal, as the platform's `fetch` does before a server that hangs. */
export const hanging: typeof fetch = (_input, init) =>
  new Promise((_resolve, reject) => {
    const signal = init?.signal
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
