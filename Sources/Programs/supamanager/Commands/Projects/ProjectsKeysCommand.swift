import ArgumentParser
import ManagementClient
import ProjectModel

/// How keys are printed.
enum KeyFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, env, value
}

/// `supamanager projects keys`
struct ProjectsKeysCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Show a project's API keys and passwords, masked unless --reveal is given.",
        discussion: """
            For scripts: --name anon prints that key alone, -o env lines that a shell reads, --json everything.
            """)

    @OptionGroup var project: ProjectArgument

    @Flag(name: .customLong("reveal"), help: "Show secrets unmasked.")
    var isRevealed = false

    @Option(help: "Only the key or password of this name, unmasked: anon, service_role, database, …")
    var name: String?

    @Option(name: [.customShort("o"), .customLong("output")], help: "table, json, env (NAME=VALUE lines) or value.")
    var format: KeyFormat = .table

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard format != .value || name != nil else { throw ValidationError("-o value needs --name") }
    }

    /// Scripts that ask for one value, or for variables, want them as they are.
    private var showsSecrets: Bool { isRevealed || name != nil || format == .env }

    /// A key or a password for display.
    private struct Row: Encodable {
        let name, type: String
        let value: String?
    }

    private struct Database: Encodable {
        let host: String
        let name, user: String?
        let port: Int?
    }

    private struct Answer: Encodable {
        let ref: String
        let keys: [Row]
        let database: Database
        let dashboard_url, dashboard_username: String?
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        let keys = try await client.keys(of: ref, isRevealed: showsSecrets)
        let credentials = try await client.credentials(of: ref)
        var rows = keys.map { Row(name: $0.name, type: $0.type, value: shown($0.key, Masked.key)) }
        rows.append(Row(name: "database", type: "password", value: shown(credentials.database.password)))
        if credentials.dashboard.username != nil {
            rows.append(Row(name: "dashboard", type: "password", value: shown(credentials.dashboard.password)))
        }
        if let name {
            let names = rows.map(\.name)
            rows = rows.filter { $0.name == name }
            guard !rows.isEmpty else {
                throw .notFound("there is no key \(DisplayText.quoted(name)): \(names.joined(separator: ", "))")
            }
        }
        if format == .env || format == .value || (name != nil && format == .table && !output.isJSON) {
            return show(values: rows, session: session)
        }
        let database = credentials.database
        if output.isJSON || format == .json {
            let place = Database(host: database.host, name: database.name, user: database.user, port: database.port)
            let answer = Answer(
                ref: detail.ref, keys: rows, database: place, dashboard_url: credentials.dashboard.url,
                dashboard_username: credentials.dashboard.username)
            return try session.show(json: answer)
        }
        show(rows, credentials: credentials, session: session)
    }

    private func shown(
        _ secret: Secret<String>?, _ mask: (Secret<String>) -> String = { _ in Masked.password }
    ) -> String? {
        secret.map { showsSecrets ? $0.reveal() : mask($0) }
    }

    /// One value, or a line for each as a shell reads it: `ANON_KEY='…'`, `DATABASE_PASSWORD='…'`.
    private func show(values rows: [Row], session: ClientSession) {
        for row in rows {
            guard let value = row.value else { continue }
            guard format == .env else {
                session.say(value)
                continue
            }
            let suffix = row.type == "password" ? "PASSWORD" : "KEY"
            let name = row.name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" as Character }
            let parts = value.split(separator: "'", omittingEmptySubsequences: false)
            session.say("\(String(name))_\(suffix)='\(parts.joined(separator: #"'\''"#))'")
        }
    }

    private func show(_ rows: [Row], credentials: ProjectCredentials, session: ClientSession) {
        var table = Table(["NAME", "TYPE", "VALUE"])
        for row in rows { table.add([Table.Cell(row.name), Table.Cell(row.type), Table.Cell(row.value ?? "none")]) }
        // A truncated key is useless: revealed ones are printed whole on any terminal width.
        if showsSecrets {
            session.terminal.write(table.text(columns: nil, style: session.style), to: .output)
        } else {
            session.show(table)
        }
        var fields = FieldList()
        let database = credentials.database
        if let port = database.port, let user = database.user, let name = database.name {
            fields.add("Database", "\(user) at \(database.host):\(port)/\(name)")
        }
        if let username = credentials.dashboard.username {
            fields.add("Dashboard", credentials.dashboard.url.map { "\(username) at \($0)" })
        }
        session.say("")
        session.show(fields)
        if !showsSecrets { session.note("Masked; --reveal shows them.") }
    }
}
