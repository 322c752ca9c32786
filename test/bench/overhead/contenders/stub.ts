export const url = 'http://upstream.test/orders?page=1'

/** Answers at once, so that all that is left to measure is the code around it. */
export const stub = async (_input?: unknown, _init?: unknown): Promise<Response> => new Response('ok')

/** A function that does nothing but be asynchronous. */
export const nothing = async (): Promise<string> => 'ok'
