/** The platform's own way to make one connection, for whoever looks at a server and not for one. */
export { openTransport } from '#transport'
