import { posix } from 'node:path'
import ts from 'typescript'

/** A file of the house: its path from the root, `src/layers/retry.ts`, and its text. */
export interface SourceText {
  readonly path: string
  readonly text: string
}

/** One broken rule: `src/layers/retry.ts:3 what is wrong`. */
export type Finding = string

interface Import {
  readonly specifier: string
  readonly line: number
  /** Gone at run time: `import type`, `export type`, `import('x').T`, `declare module`. */
  readonly typeOnly: boolean
}

export interface Module {
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

export function parse({ path, text }: SourceText): Module {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS)
  const imports: Import[] = []
  const add = (specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (specifier && ts.isStringLiteralLike(specifier)) {
      imports.push({ specifier: specifier.text, line: lineOf(tree, specifier), typeOnly })
    }
  }
  visit(tree, (node) => {
    // `import { type A }` keeps an empty import at run time, so only the clause's own `type` counts.
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    else if (ts.isModuleDeclaration(node)) add(node.name, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false)
    }
  })
  return { path, text, tree, imports }
}

/** Every rule on every file. */
export function findings(files: readonly SourceText[]): Finding[] {
  const modules = files.map(parse)
  const paths = new Set(modules.map((module) => module.path))
  return [
    ...modules.flatMap((module) => [
      ...resolution(module, paths),
      ...floors(module),
      ...doors(module),
      ...shape(module),
    ]),
    ...cycles(modules, 'value').map((cycle) => `import cycle: ${cycle}`),
    ...cycles(modules, 'any').map((cycle) => `import cycle, type imports included: ${cycle}`),
  ]
}

/** Relative imports name an existing file: an import that leads nowhere would slip past every other rule. */
function resolution(module: Module, paths: ReadonlySet<string>): Finding[] {
  return module.imports.flatMap(({ specifier, line }) => {
    const target = targetOf(module, specifier)
    if (target === undefined || paths.has(target)) return []
    return [`${module.path}:${line} imports ${specifier}, which is not a file (write the .ts extension)`]
  })
}

/** What each room may import besides itself. Rooms on one floor do not know each other. */
const mayImport: Readonly<Record<string, readonly string[]>> = (() => {
  const core = ['core']
  const layers = [...core, 'layers']
  const refresh = [...layers, 'upstream', 'coordination']
  const protocols = [...refresh, 'refresh']
  const telemetry = [...protocols, 'http', 'socket']
  const events = [...telemetry, 'telemetry']
  const client = [...events, 'events']
  const defaults = [...client, 'client']
  const simulate = [...defaults, 'defaults']
  const top = [...simulate, 'simulate']
  return {
    core: [],
    layers: core,
    upstream: layers,
    coordination: layers,
    refresh,
    http: protocols,
    socket: protocols,
    telemetry,
    events,
    client,
    defaults,
    simulate,
    index: top,
    cli: top,
    testing: [...core, 'layers', 'coordination'],
  }
})()

function floors(module: Module): Finding[] {
  const room = roomOf(module.path)
  const allowed = mayImport[room]
  if (allowed === undefined)
    return [`${module.path}:1 is in no room of the house: ${Object.keys(mayImport).join(', ')}`]
  return module.imports.flatMap(({ specifier, line, typeOnly }) => {
    const target = targetOf(module, specifier)
    if (target === undefined) return []
    const complain = (why: string): Finding[] => [`${module.path}:${line} imports ${target}: ${why}`]
    const targetRoom = roomOf(target)
    if (targetRoom !== room) {
      if (!allowed.includes(targetRoom)) return complain(`${room} may import ${allowed.join(', ') || 'nothing else'}`)
      if (room === 'testing' && targetRoom === 'coordination' && !typeOnly)
        return complain('only types of coordination')
      if (room === 'testing' && targetRoom === 'layers' && layerOf(target) !== 'chaos')
        return complain('only layers/chaos')
      if (room === 'socket' && targetRoom === 'upstream' && !typeOnly)
        return complain('socket takes only the type of it')
      if (room === 'events' && !typeOnly) return complain('events.ts holds only types')
    } else if (room === 'layers' && layerOf(module.path) !== 'index' && layerOf(module.path) !== layerOf(target)) {
      return complain('a layer never imports another layer; the upstream hands it what it must know')
    }
    return []
  })
}

interface Door {
  readonly what: string
  readonly at: RegExp
}

const clock: Door = { what: 'time', at: /^src\/core\/clock(\/|\.ts$)/ }
const random: Door = { what: 'chance', at: /^src\/core\/random(\/|\.ts$)/ }

/** Globals behind a door, as `name` or `object.member`. */
const globalDoors: Readonly<Record<string, Door>> = {
  setTimeout: clock,
  clearTimeout: clock,
  setInterval: clock,
  clearInterval: clock,
  setImmediate: clock,
  clearImmediate: clock,
  requestAnimationFrame: clock,
  requestIdleCallback: clock,
  performance: clock,
  'Date.now': clock,
  'Math.random': random,
  crypto: random,
}

const nowhere = /^$/

/** Packages behind a door: where they may be loaded, and where their types may be named. */
const packageDoors: readonly { readonly name: RegExp; readonly load: RegExp; readonly types: RegExp }[] = [
  {
    name: /^#?cockatiel$/,
    load: /^src\/layers\/breaker(\/|\.ts$)/,
    types: /^src\/layers\/breaker(\/|\.ts$)/,
  },
  { name: /^ky$/, load: /^src\/http\/ky(\/|\.ts$)/, types: /^src\/(http\/ky|client)(\/|\.ts$)/ },
  { name: /^#?ws$/, load: /^src\/socket\/transport\.node\.ts$/, types: /^src\/socket\/transport\.node\.ts$/ },
  { name: /^lru-cache$/, load: /^src\/refresh\/cache\//, types: /^src\/refresh\/cache\// },
  { name: /^#transport$/, load: /^src\/socket\//, types: /^src\/socket\// },
  { name: /^@opentelemetry\/api$/, load: nowhere, types: /^src\/telemetry\// },
  {
    name: /^node:/,
    load: /^src\/(cli(\/|\.ts$)|socket\/transport\.node\.ts$|telemetry\/diagnostics-channel\.ts$)/,
    types: /^src\/(cli(\/|\.ts$)|socket\/transport\.node\.ts$|telemetry\/diagnostics-channel\.ts$)/,
  },
]

function doors(module: Module): Finding[] {
  const found: Finding[] = []
  const report = (node: ts.Node, what: string) => found.push(`${module.path}:${lineOf(module.tree, node)} ${what}`)
  const touch = (node: ts.Node, name: string) => {
    const door = Object.hasOwn(globalDoors, name) ? globalDoors[name] : undefined
    if (door && !door.at.test(module.path))
      report(node, `touches ${name}: ${door.what} has one door, ${doorPath(door.at)}`)
  }

  for (const { specifier, line, typeOnly } of module.imports) {
    if (specifier.startsWith('.')) continue
    const door = packageDoors.find(({ name }) => name.test(specifier))
    const at = typeOnly ? door?.types : door?.load
    if (door === undefined) found.push(`${module.path}:${line} imports ${specifier}: no room may know this package`)
    else if (!at?.test(module.path)) {
      const allowed = at === undefined || at === nowhere ? 'nowhere' : `only at ${doorPath(at)}`
      found.push(`${module.path}:${line} ${typeOnly ? 'names types of' : 'loads'} ${specifier}, allowed ${allowed}`)
    }
  }

  visit(module.tree, (node) => {
    if (ts.isTypeNode(node)) return 'skip'
    if (ts.isIdentifier(node) && isReference(node)) touch(node, node.text)
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      const member = memberName(node)
      if (member === undefined) return undefined
      const object = baseName(node.expression)
      if (object === undefined) return undefined
      if (isGlobalObject(object)) touch(node, member)
      else touch(node, `${object}.${member}`)
      if (object === 'AbortSignal' && member === 'timeout') {
        report(node, 'uses AbortSignal.timeout: no clock moves it, and a long one throws')
      }
    }
    if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && baseName(node.expression) === 'Date') {
      if (ts.isCallExpression(node) || (node.arguments?.length ?? 0) === 0) touch(node, 'Date.now')
    }
    return undefined
  })
  return found
}

/** Size, names and exports of one file. */
function shape(module: Module): Finding[] {
  const found: Finding[] = []
  const { path, text, tree } = module
  const report = (node: ts.Node, what: string) => found.push(`${path}:${lineOf(tree, node)} ${what}`)

  const lines = text.replace(/\n$/, '').split('\n').length
  if (lines > 200) found.push(`${path}:200 has ${lines} lines; a room ends at 200, then it becomes a folder`)

  for (const part of path.split('/').slice(1)) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*((\.(node|web))?\.ts)?$/.test(part)) found.push(`${path}:1 is not kebab-case`)
    const word = part.split(/[-.]/).find((word) => drawers.has(word))
    if (word) found.push(`${path}:1 is called "${word}", which says nothing about its job`)
  }

  visit(tree, (node) => {
    const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : []
    if (modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) || ts.isExportAssignment(node)) {
      report(node, 'has a default export')
    }
    if (ts.isExportSpecifier(node) && node.name.text === 'default') report(node, 'has a default export')
    if (ts.isExportDeclaration(node) && !node.exportClause) report(node, 'exports *; public names are an explicit list')
    if (modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) {
      for (const name of declaredNames(node)) {
        if (/(Utils?|Helpers?|Manager)$/.test(name))
          report(node, `exports ${name}, a name which says nothing about its job`)
      }
    }
  })

  if (path === 'src/events.ts') {
    for (const statement of tree.statements) {
      const isType =
        ts.isTypeAliasDeclaration(statement) ||
        ts.isInterfaceDeclaration(statement) ||
        (ts.isImportDeclaration(statement) && statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
        (ts.isExportDeclaration(statement) && statement.isTypeOnly)
      if (!isType) report(statement, 'is not a type; events.ts holds only types')
    }
  }
  return found
}

const drawers = new Set([
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'types',
  'manager',
  'managers',
  'misc',
  'shared',
])

/** Import cycles, each as `a -> b -> a`; one for every knot of files that reach each other. */
export function cycles(modules: readonly Module[], which: 'value' | 'any'): string[] {
  const edges = new Map<string, string[]>()
  for (const module of modules) {
    const used = module.imports.filter(({ typeOnly }) => which === 'any' || !typeOnly)
    edges.set(
      module.path,
      used.map(({ specifier }) => targetOf(module, specifier)).filter((path) => path !== undefined),
    )
  }
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path)
    if (seenAt >= 0) {
      found.push([...trail.slice(seenAt), path].join(' -> '))
      return
    }
    if (done.has(path)) return
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) walk(path, [])
  return found
}

/** `src/layers/retry.ts` is in `layers`, `src/client.ts` and `src/client/ky.ts` are both in `client`. */
function roomOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '')
}

/** `retry` for `src/layers/retry.ts` and for all that is in `src/layers/retry/`. */
function layerOf(path: string): string {
  return (path.split('/')[2] ?? '').replace(/\.ts$/, '')
}

function targetOf(module: Module, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(module.path), specifier) : undefined
}

function doorPath(pattern: RegExp): string {
  return pattern.source.replace(/[\\^$]/g, '')
}

function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

function visit(node: ts.Node, look: (node: ts.Node) => unknown): void {
  if (look(node) === 'skip') return
  ts.forEachChild(node, (child) => visit(child, look))
}

/** An identifier that is read as a variable, not a name that something is given. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isExportSpecifier(parent)) return (parent.propertyName ?? parent.name) === node
  if (ts.isBindingElement(parent)) return parent.initializer === node || isGlobalDestructured(parent, node)
  if (ts.isImportSpecifier(parent) || ts.isQualifiedName(parent)) return false
  const isName = 'name' in parent && parent.name === node
  return !isName
}

/** `const { setTimeout: later } = globalThis` reaches for the timer as well. */
function isGlobalDestructured(element: ts.BindingElement, node: ts.Identifier): boolean {
  if ((element.propertyName ?? element.name) !== node) return false
  const declaration = element.parent.parent
  if (!ts.isVariableDeclaration(declaration) || !declaration.initializer) return false
  const object = baseName(declaration.initializer)
  return object !== undefined && isGlobalObject(object)
}

function isGlobalObject(name: string): boolean {
  return name === 'globalThis' || name === 'window' || name === 'self' || name === 'global'
}

function memberName(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : undefined
}

/** `Date` for `Date`, `globalThis.Date` and `(globalThis as any).Date`. */
function baseName(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node)) {
    return baseName(node.expression)
  }
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    const object = baseName(node.expression)
    return object !== undefined && isGlobalObject(object) ? memberName(node) : undefined
  }
  return undefined
}

function declaredNames(node: ts.Node): string[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []))
  }
  const name = (node as { name?: ts.Node }).name
  return name && ts.isIdentifier(name) ? [name.text] : []
}
