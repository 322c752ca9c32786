import ts from 'typescript'

/** An option type and the constant under it, as they are written in one source file. */
export interface OptionDocs {
  /** `RetryOptions` */
  readonly type: string
  /** `retryDefaults` */
  readonly constant: string
  /** The option types that it extends. */
  readonly bases: readonly string[]
  /** Every member of the interface, with the text of its `@default` tag if it has one. */
  readonly members: ReadonlyMap<string, string | undefined>
  /** The constant stands in this file, right below the interface. */
  readonly belowIt: boolean
}

/** Finds every `XxxOptions` interface that has a `@default` tag or an exported `xxxDefaults`. */
export function optionDocs(path: string, text: string): OptionDocs[] {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS)
  const found: OptionDocs[] = []
  tree.statements.forEach((statement, index) => {
    if (!ts.isInterfaceDeclaration(statement) || !statement.name.text.endsWith('Options')) return
    const type = statement.name.text
    const constant = `${type.charAt(0).toLowerCase()}${type.slice(1, -'Options'.length)}Defaults`
    const members = new Map(
      statement.members.flatMap((member): [string, string | undefined][] =>
        member.name ? [[member.name.getText(tree), defaultTag(member, path)]] : [],
      ),
    )
    const tagged = [...members.values()].some((tag) => tag !== undefined)
    if (!tagged && !tree.statements.some((other) => declares(other, constant))) return
    const next = tree.statements[index + 1]
    const belowIt = next !== undefined && declares(next, constant)
    found.push({ type, constant, bases: basesOf(statement), members, belowIt })
  })
  return found
}

function basesOf({ heritageClauses = [] }: { heritageClauses?: Iterable<ts.HeritageClause> }): string[] {
  return [...heritageClauses].flatMap(({ types }) => types.map(({ expression }) => expression.getText()))
}

function defaultTag(member: ts.TypeElement, path: string): string | undefined {
  const tags = ts.getJSDocTags(member).filter((tag) => tag.tagName.text === 'default')
  if (tags.length > 1) throw new Error(`${path}: ${member.name?.getText()} has more than one @default`)
  return tags[0] && (ts.getTextOfJSDocComment(tags[0].comment) ?? '').trim()
}

function declares(statement: ts.Statement, name: string): boolean {
  return (
    ts.isVariableStatement(statement) &&
    statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true &&
    statement.declarationList.declarations.some((declaration) => declaration.name.getText() === name)
  )
}

/** Rows of the table between the markers: `retry.baseMs` and the value, both as written between back-quotes. */
export function tableRows(readme: string): Map<string, string> {
  const [, table, ...rest] = readme.split(/<!-- \/?defaults -->/)
  if (table === undefined || rest.length !== 1) throw new Error('README: no one <!-- defaults --> … <!-- /defaults -->')
  const rows = new Map<string, string>()
  for (const line of table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)) {
    const [, name, value] = /^\|\s*`([^`]+)`\s*\|\s*`([^`]*)`\s*\|/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`README: cannot read the defaults row ${line}`)
    if (rows.has(name)) throw new Error(`README: two defaults rows for ${name}`)
    rows.set(name, value)
  }
  return rows
}

/** The value of a literal as people write it in a tag or a table: `30_000`, `'full'`, `['GET']`, `Infinity`. */
export function readValue(text: string): unknown {
  const source = ts.createSourceFile('value.ts', `(${text})`, ts.ScriptTarget.Latest, true)
  const [statement] = source.statements
  if (source.statements.length !== 1 || !statement || !ts.isExpressionStatement(statement)) throw unreadable(text)
  return literal(statement.expression, text)
}

function literal(node: ts.Expression, text: string): unknown {
  if (ts.isParenthesizedExpression(node)) return literal(node.expression, text)
  if (ts.isNumericLiteral(node)) return Number(node.text)
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isArrayLiteralExpression(node)) return node.elements.map((element) => literal(element, text))
  if (ts.isObjectLiteralExpression(node)) {
    return Object.fromEntries(
      node.properties.map((property) => {
        if (!ts.isPropertyAssignment(property)) throw unreadable(text)
        return [property.name.getText(), literal(property.initializer, text)]
      }),
    )
  }
  const word = words.get(node.getText())
  if (word) return word.value
  throw unreadable(text)
}

const words = new Map([
  ['true', { value: true }],
  ['false', { value: false }],
  ['null', { value: null }],
  ['undefined', { value: undefined }],
  ['Infinity', { value: Number.POSITIVE_INFINITY }],
])

function unreadable(text: string): Error {
  return new Error(`not a plain value: ${text === '' ? '(nothing)' : text}`)
}
