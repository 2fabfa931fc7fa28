import ProjectModel

/// Decides about each statement of a dump, in their order, and keeps the report.
///
/// Everything runs as the project's owner, who is no superuser: a dump gets no more rights than SQL of the Management
/// API has. So what needs the stack's administrator is left out, and said.
public struct ImportPlanner: Sendable {
    public private(set) var report = ImportReport()
    /// Most roles, and most schemas, that a dump makes.
    public static let namesMax = 10_000

    private let ground: ImportGround
    private var roles: Set<String>
    private var schemas: Set<String>

    /// A planner at the beginning of a dump.
    public init(_ ground: ImportGround) {
        self.ground = ground
        (roles, schemas) = (ground.roles, ground.schemas)
    }

    /// The step of the next statement.
    public mutating func step(_ statement: DumpStatement) -> ImportStep {
        guard statement.isText else {
            return .refuse(
                "the statement in line \(statement.line) of the dump is not in UTF-8: make it with pg_dump "
                    + "--encoding=UTF8")
        }
        let tokens = DumpToken.read(statement.bytes)
        guard case .word(let verb) = tokens.first else {
            return .refuse("the statement in line \(statement.line) of the dump is none that a dump has")
        }
        let words = DumpWords(tokens: tokens)
        switch verb {
        case "set": return setting(words, statement.line)
        case "select": return selection(words, statement.line)
        case "copy": return copy(words, statement.line)
        case "insert": return insertion(words, statement.line)
        case "create": return creation(words)
        case "alter": return alteration(words)
        case "comment": return comment(words)
        case "grant", "revoke": return grant(words)
        case "refresh": return isService(words.schema) ? stack(words.schema) : .runLast
        case "security": return leaveOut("SECURITY LABEL")
        // The import is one transaction of its own, and large objects come in one.
        case "begin", "commit", "start", "end": return .leaveOut
        case "reset": return .leaveOut
        case "drop": return leaveOut("DROP: the project is empty")
        default: return byHand("\(verb.uppercased()): statements other than a dump's are not carried out")
        }
    }

    /// Rows that a table got.
    public mutating func took(_ count: Int, rowsOf table: String) { report.noteRows(count, of: table) }

    /// Rows that were passed over.
    public mutating func leftOut(_ count: Int, rowsOf table: String) {
        guard count > 0 else { return }
        ImportReport.count("rows of \(table)", in: &report.leftOut, by: count)
        if table == "storage.objects" {
            ImportReport.count("files of storage: upload them again", in: &report.byHand, by: count)
        }
    }

    /// Columns of rows that the project's table has not.
    public mutating func dropped(_ columns: [String], of table: String) {
        for column in columns { ImportReport.count("column \(table).\(column)", in: &report.leftOut) }
    }

    // MARK: Settings and calls

    private static let keptSettings: Set<String> = [
        "check_function_bodies", "xmloption", "row_security", "default_table_access_method", "search_path",
        "client_min_messages", "bytea_output", "datestyle", "intervalstyle", "extra_float_digits", "timezone",
    ]

    private func setting(_ words: DumpWords, _ line: Int) -> ImportStep {
        var names = words.names(from: 1)
        if ["session", "local"].contains(names.first ?? "") { names.removeFirst() }
        return setting(names.first ?? "", to: words.tokens.last, line)
    }

    /// PostgreSQL takes the name of a setting in letters of any size.
    private func setting(_ name: String, to token: DumpToken?, _ line: Int) -> ImportStep {
        let name = name.lowercased()
        let value =
            switch token {
            case .text(let text), .word(let text), .quoted(let text): text.lowercased()
            case .sign, nil: ""
            }
        let isUnicode = ["utf8", "unicode", "utf-8"].contains(value)
        switch name {
        case "standard_conforming_strings" where value != "on":
            return .refuse(
                "line \(line) of the dump turns standard_conforming_strings off: make it with a newer pg_dump")
        case "client_encoding" where !isUnicode, "names" where !isUnicode:
            return .refuse("the dump is not in UTF-8 (line \(line)): make it with pg_dump --encoding=UTF8")
        case "role", "authorization": return .leaveOut
        default: return Self.keptSettings.contains(name) ? .run : .leaveOut
        }
    }

    private mutating func selection(_ words: DumpWords, _ line: Int) -> ImportStep {
        guard let (function, arguments) = words.literalCall else {
            return byHand("SELECT: calls of functions are not carried out")
        }
        let text = if case .text(let text)? = arguments.first { text } else { "" }
        switch function {
        case "set_config": return setting(text, to: arguments.dropFirst().first, line)
        case "setval":
            let target = DumpWords(tokens: DumpToken.read(Array(text.utf8)))
            return isService(target.schema) ? stack(target.schema) : took("sequence value")
        case "lo_create", "lo_open", "lowrite", "lo_close", "lo_unlink": return .run
        default: return byHand("SELECT: calls of functions are not carried out")
        }
    }

    // MARK: Rows

    private mutating func copy(_ words: DumpWords, _ line: Int) -> ImportStep {
        guard words.has("from", "stdin") else {
            return .refuse("line \(line) of the dump copies from or to a file: rows must be in the dump itself")
        }
        let options = words.names(after: "stdin")
        if options.contains("binary") || options.contains("csv") {
            return .refuse("line \(line) of the dump has rows in another format than text: make it with pg_dump")
        }
        let table = words.qualified ?? words.names(from: 1).first ?? ""
        guard isService(words.schema) else { return .takeRows }
        let columns = words.list
        guard ground.takesRows(of: table), !columns.isEmpty else { return .leaveOutRows(table: table) }
        return .keepRows(table: table, columns: columns)
    }

    private mutating func insertion(_ words: DumpWords, _ line: Int) -> ImportStep {
        guard isService(words.schema) else { return took("row by INSERT") }
        let table = words.qualified ?? ""
        guard ground.takesRows(of: table) else { return stack(words.schema) }
        return .refuse(
            "line \(line) of the dump writes rows of \(table) by INSERT: dump them by COPY, without --inserts")
    }

    // MARK: Definitions

    private mutating func creation(_ words: DumpWords) -> ImportStep {
        let kind = words.kind
        switch kind {
        case "schema": return schema(words)
        case "extension": return `extension`(words)
        case "role", "user", "group": return role(words)
        case "database", "tablespace":
            return .refuse("the dump makes a \(kind): dump one database, without --create")
        case "event trigger", "language", "access method", "cast", "transform", "foreign data wrapper", "server",
            "user mapping", "subscription":
            return byHand("CREATE \(kind.uppercased()): only an administrator can make it")
        case "publication":
            let name = words.names(after: "publication").first ?? ""
            if name.hasPrefix("supabase_realtime") { return .leaveOut }
            return words.has("all", "tables")
                ? byHand("CREATE PUBLICATION \(name): for all tables") : took("PUBLICATION")
        case "policy": return policy(words)
        case "trigger": return trigger(words)
        default: return isService(words.schema) ? stack(words.schema) : took(kind.uppercased())
        }
    }

    private mutating func schema(_ words: DumpWords) -> ImportStep {
        guard let name = words.names(after: "schema").first(where: { !["if", "not", "exists"].contains($0) }) else {
            return took("SCHEMA")
        }
        if isService(name) { return stack(name) }
        guard schemas.count < ground.schemas.count + Self.namesMax else { return tooMany("schemas") }
        guard schemas.insert(name).inserted else { return .leaveOut }
        return took("SCHEMA")
    }

    private mutating func `extension`(_ words: DumpWords) -> ImportStep {
        let names = words.names(after: "extension")
        guard let name = names.first(where: { !["if", "not", "exists"].contains($0) }) else { return .leaveOut }
        if ground.installed.contains(name) { return took("EXTENSION") }
        guard ground.installable.contains(name) else {
            return byHand("EXTENSION \(name): the project cannot have it, or only an administrator can make it")
        }
        let wished = words.names(after: "schema").first
        let place = wished.flatMap { schemas.contains($0) ? $0 : nil } ?? "extensions"
        ImportReport.count("EXTENSION", in: &report.taken)
        return .runInstead("create extension if not exists \(Self.quoted(name)) with schema \(Self.quoted(place))")
    }

    private mutating func policy(_ words: DumpWords) -> ImportStep {
        guard isService(words.schema) else { return took("POLICY") }
        // The owner is a member of the role that these belong to.
        if ["storage.objects", "storage.buckets"].contains(words.qualified) { return took("POLICY") }
        return byHand("POLICY on \(words.qualified ?? "a table of the stack"): only an administrator can make it")
    }

    private mutating func trigger(_ words: DumpWords) -> ImportStep {
        guard isService(words.schema) else { return last("TRIGGER") }
        // The users' own call a function of their own.
        guard let function = words.qualified(after: "execute"), !isService(function.schema) else {
            return stack(words.schema)
        }
        guard words.schema == "auth" || words.schema == "storage" else {
            return byHand("TRIGGER on \(words.qualified ?? "a table of the stack"): only an administrator can make it")
        }
        return last("TRIGGER")
    }

    private mutating func alteration(_ words: DumpWords) -> ImportStep {
        let kind = words.kind
        switch kind {
        case "role", "user", "group", "database": return alteredRole(words)
        case "default privileges": return defaultPrivileges(words)
        case "publication": return publication(words)
        case "extension", "event trigger", "language", "system", "foreign data wrapper", "server", "subscription":
            return words.has("owner", "to") ? .leaveOut : leaveOut("ALTER \(kind.uppercased())")
        case "schema" where isService(words.names(after: "schema").first): return .leaveOut
        default: break
        }
        if words.has("owner", "to") { return change("everything belongs to \(ground.owner)") }
        if isService(words.schema) { return stack(words.schema) }
        if words.has("foreign", "key") { return last("FOREIGN KEY") }
        if words.has("enable", "trigger") || words.has("disable", "trigger") || words.has("validate", "constraint")
            || words.has("replica", "trigger") || words.has("always", "trigger")
        {
            return .runLast
        }
        return took("ALTER \(kind.uppercased())")
    }

    private mutating func publication(_ words: DumpWords) -> ImportStep {
        if words.has("owner", "to") { return .leaveOut }
        guard words.has("add", "table") else { return leaveOut("ALTER PUBLICATION") }
        return isService(words.schema) ? stack(words.schema) : took("table of a publication")
    }

    private mutating func comment(_ words: DumpWords) -> ImportStep {
        let kind = words.names(from: 2).first ?? ""
        switch kind {
        case "extension", "event", "language", "database", "role", "foreign", "server": return .leaveOut
        case "schema": return isService(words.names(after: "schema").first) ? .leaveOut : .run
        case "trigger", "constraint": return isService(words.schema) ? .leaveOut : .runLast
        case "publication": return .leaveOut
        case "policy" where words.schema == "storage": return .run
        default: return isService(words.schema) ? .leaveOut : .run
        }
    }

    // MARK: Roles and rights

    private mutating func role(_ words: DumpWords) -> ImportStep {
        guard let name = words.names(after: words.kind).first else { return .leaveOut }
        if ImportGround.isReserved(name) || roles.contains(name) { return .leaveOut }
        guard roles.count < ground.roles.count + Self.namesMax else { return tooMany("roles") }
        roles.insert(name)
        ImportReport.count("ROLE", in: &report.taken)
        return .runInstead("create role \(Self.quoted(name)) nologin")
    }

    private static let keptAttributes: Set<String> = ["inherit", "noinherit", "login", "nologin"]

    private mutating func alteredRole(_ words: DumpWords) -> ImportStep {
        guard words.kind != "database" else { return leaveOut("ALTER DATABASE") }
        guard let name = words.names(after: words.kind).first, !ImportGround.isReserved(name), roles.contains(name)
        else { return .leaveOut }
        if words.names(from: 3).contains("set") { return leaveOut("settings of the role \(name)") }
        let attributes = words.names(from: 3)
        let kept = attributes.filter(Self.keptAttributes.contains)
        if attributes.contains(where: ["superuser", "replication", "bypassrls", "createrole", "createdb"].contains) {
            ImportReport.count("role \(name) without rights of an administrator", in: &report.changed)
        }
        if kept.contains("login") {
            ImportReport.count("role \(name) has no password: give it one", in: &report.byHand)
        }
        return kept.isEmpty
            ? .leaveOut : .runInstead("alter role \(Self.quoted(name)) \(kept.joined(separator: " "))")
    }

    private mutating func defaultPrivileges(_ words: DumpWords) -> ImportStep {
        let role = words.names(after: "role").first ?? ground.owner
        let schema = words.names(after: "schema").first
        guard role == ground.owner, !isService(schema) else { return leaveOut("default privileges of other roles") }
        return grantees(words)
    }

    private mutating func grant(_ words: DumpWords) -> ImportStep {
        let names = words.names(from: 1)
        guard words.tokens.contains(where: { $0.isWord("on") }) else {
            // Membership: GRANT a TO b.
            let direction = words.names(after: words.tokens.first?.isWord("grant") == true ? "to" : "from").first
            guard let granted = names.first, let member = direction, !ImportGround.isReserved(granted),
                roles.contains(granted), roles.contains(member), words.tokens.first?.isWord("grant") == true
            else { return .leaveOut }
            return .runInstead("grant \(Self.quoted(granted)) to \(Self.quoted(member))")
        }
        let object = DumpWords(tokens: Array(words.tokens.drop { !$0.isWord("on") }.dropFirst()))
        let kind = object.tokens.first.flatMap(\.name) ?? ""
        switch kind {
        case "schema":
            if isService(object.names(from: 1).first) { return .leaveOut }
        case "foreign", "language", "parameter", "tablespace", "database": return leaveOut("rights on a \(kind)")
        default:
            if isService(object.schema) { return .leaveOut }
        }
        return grantees(words)
    }

    /// Rights for roles that are not there are left out whole.
    private mutating func grantees(_ words: DumpWords) -> ImportStep {
        let verb = words.has("revoke") ? "from" : "to"
        let missing = words.names(afterLast: verb).filter { !roles.contains($0) && $0 != "public" && !Self.isNoise($0) }
        if let role = missing.first { return leaveOut("rights of the role \(role), which is not there") }
        return .run
    }

    private static func isNoise(_ word: String) -> Bool {
        ["with", "grant", "option", "granted", "by", "cascade", "restrict", "group"].contains(word)
    }

    private func tooMany(_ what: String) -> ImportStep {
        .refuse("the dump makes more than \(Self.namesMax) \(what), which an import does not keep apart")
    }

    // MARK: Counting

    private func isService(_ schema: String?) -> Bool { schema.map(ground.serviceSchemas.contains) ?? false }

    private mutating func took(_ kind: String) -> ImportStep {
        ImportReport.count(kind, in: &report.taken)
        return .run
    }

    private mutating func last(_ kind: String) -> ImportStep {
        ImportReport.count(kind, in: &report.taken)
        return .runLast
    }

    private mutating func change(_ line: String) -> ImportStep {
        ImportReport.count(line, in: &report.changed)
        return .leaveOut
    }

    private mutating func leaveOut(_ line: String) -> ImportStep {
        ImportReport.count(line, in: &report.leftOut)
        return .leaveOut
    }

    private mutating func stack(_ schema: String?) -> ImportStep {
        leaveOut("definitions in the schema \(schema ?? ""), which the project has of its own")
    }

    private mutating func byHand(_ line: String) -> ImportStep {
        ImportReport.count(line, in: &report.byHand)
        return .leaveOut
    }

    /// A name in quotation marks.
    public static func quoted(_ name: String) -> String { "\"" + name.replacingScalars(["\"": "\"\""]) + "\"" }
}
