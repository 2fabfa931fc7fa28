import ArgumentParser
import FoundationEssentials
import ManagementClient

/// `supamanager context …`
struct ContextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context", abstract: "Names for the managers that you work with.",
        discussion: """
            Commands talk to the manager of the context in use, unless --api-url, --context, SUPAMANAGER_API_URL or \
            SUPAMANAGER_CONTEXT name another one. Sign in to each with `login`: tokens are kept by address, in a file \
            beside that of the contexts, readable by you alone. SUPAMANAGER_ACCESS_TOKEN is for --api-url, \
            SUPAMANAGER_API_URL and the default address: the manager of a context never gets it.
            """,
        subcommands: [
            ContextListCommand.self, ContextAddCommand.self, ContextUseCommand.self, ContextRemoveCommand.self,
        ])
}

/// A command on the file with the contexts; no manager is asked.
protocol ContextChange: AsyncParsableCommand {
    func perform(_ terminal: Terminal, _ file: ContextsFile) throws(ClientError)
}

extension ContextChange {
    func run() async throws {
        let terminal = Terminal()
        do throws(ClientError) {
            try perform(terminal, try ContextsFile(environment: ProcessInfo.processInfo.environment))
        } catch {
            terminal.write("Error: \(DisplayText.lines("\(error)"))\n", to: .error)
            throw ExitCode(ExitStatus(error).rawValue)
        }
    }

    static func checked(_ name: String) throws(ClientError) {
        guard StoredContexts.isName(name) else {
            throw .invalid(
                "a context has a name of letters, digits, hyphens, dots and underscores, at most "
                    + "\(StoredContexts.nameBytesMax)")
        }
    }

    static func require(_ name: String, in stored: StoredContexts) throws(ClientError) {
        guard stored.contexts[name] == nil else { return }
        let near = Suggestion.nearest(to: name, among: Array(stored.contexts.keys))
        throw .notFound(
            "there is no context \(DisplayText.quoted(name))"
                + (near.map { "; did you mean \(DisplayText.quoted($0))?" } ?? ": `supamanager context list` shows all")
        )
    }
}

/// `supamanager context list`
struct ContextListCommand: ContextChange {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the contexts.", aliases: ["ls"])

    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let name, api_url: String
        let organization: String?
        let is_current, is_signed_in: Bool
    }

    func perform(_ terminal: Terminal, _ file: ContextsFile) throws(ClientError) {
        let environment = ProcessInfo.processInfo.environment
        let stored = try file.load()
        let tokens = Set(try CredentialsFile(environment: environment).load().tokens.keys.map(\.text))
        let rows = stored.contexts.sorted { $0.key < $1.key }.map { name, context in
            Row(
                name: name, api_url: context.address, organization: context.organization,
                is_current: name == stored.current, is_signed_in: tokens.contains(context.address))
        }
        if output.isJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            guard let bytes = try? encoder.encode(rows) else { throw .failed("the contexts cannot be written as JSON") }
            return terminal.write(DisplayText.json(String(decoding: bytes, as: UTF8.self)) + "\n", to: .output)
        }
        guard !rows.isEmpty else {
            return terminal.write("There are no contexts. Add one with: supamanager context add NAME URL\n", to: .error)
        }
        var table = Table(["NAME", "IN USE", "SIGNED IN", "ORG", "API"])
        for row in rows {
            table.add([
                Table.Cell(row.name), Table.Cell(row.is_current ? "yes" : ""),
                Table.Cell(row.is_signed_in ? "yes" : ""),
                Table.Cell(row.organization ?? ""), Table.Cell(row.api_url),
            ])
        }
        let columns = terminal.isTerminal(.output) ? terminal.size(.output).columns : nil
        let style = Style(isTerminal: terminal.isTerminal(.output), environment: environment)
        terminal.write(table.text(columns: columns, style: style), to: .output)
    }
}

/// `supamanager context add`
struct ContextAddCommand: ContextChange {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a context, or replace the one of this name; the first one is in use.")

    @Argument(help: "Name of the context.")
    var name: String

    @Argument(help: ArgumentHelp("Address of the Management API.", valueName: "url"))
    var address: String

    @Option(name: .customLong("org"), help: "Slug of the organization of commands that name none.")
    var organization: String?

    @Flag(help: "Use it from now on.")
    var use = false

    func perform(_ terminal: Terminal, _ file: ContextsFile) throws(ClientError) {
        try Self.checked(name)
        var stored = try file.load()
        stored.contexts[name] = ManagerContext(address: try APIAddress(address), organization: organization)
        if use || stored.current == nil { stored.current = name }
        try file.save(stored)
        let isCurrent = stored.current == name
        terminal.write("Context \(name) is stored\(isCurrent ? " and in use" : "").\n", to: .output)
    }
}

/// `supamanager context use`
struct ContextUseCommand: ContextChange {
    static let configuration = CommandConfiguration(
        commandName: "use", abstract: "Use a context from now on.")

    @Argument(help: "Name of the context.", completion: .custom { _, _, _ in LiveNames.contexts() })
    var name: String

    func perform(_ terminal: Terminal, _ file: ContextsFile) throws(ClientError) {
        var stored = try file.load()
        try Self.require(name, in: stored)
        stored.current = name
        try file.save(stored)
        terminal.write("Context \(name) is in use.\n", to: .output)
    }
}

/// `supamanager context remove`
struct ContextRemoveCommand: ContextChange {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a context; the sign-in at its address stays.", aliases: ["rm"])

    @Argument(help: "Name of the context.", completion: .custom { _, _, _ in LiveNames.contexts() })
    var name: String

    func perform(_ terminal: Terminal, _ file: ContextsFile) throws(ClientError) {
        var stored = try file.load()
        try Self.require(name, in: stored)
        stored.contexts[name] = nil
        if stored.current == name { stored.current = nil }
        try file.save(stored)
        terminal.write("Context \(name) is forgotten.\n", to: .output)
    }
}
