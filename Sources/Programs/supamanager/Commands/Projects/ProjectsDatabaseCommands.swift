import ArgumentParser
import CurlKit
import FoundationEssentials
import ManagementClient
import ProjectModel

/// `supamanager projects db …`
struct ProjectsDatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Reach a project's database.",
        subcommands: [ProjectsDatabaseURLCommand.self, ProjectsDatabasePsqlCommand.self])
}

/// Address and login of a database.
private struct DatabaseAddress {
    let host, user, name: String
    let port: Int
    let password: Secret<String>

    /// - Throws: ``ClientError/failed(_:)`` while the project has no ports, or for those who may not see its password.
    init(_ credentials: ProjectCredentials, of project: String) throws(ClientError) {
        let database = credentials.database
        guard let port = database.port, let user = database.user, let name = database.name else {
            throw .failed("the database of \(DisplayText.quoted(project)) has no address at the moment")
        }
        guard let password = database.password else {
            throw .failed("you may not see the password of the database of \(DisplayText.quoted(project))")
        }
        (host, self.port, self.user, self.name, self.password) = (database.host, port, user, name, password)
    }

    /// The address as drivers take it.
    var url: String {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
        let encoded = password.reveal().utf8.map { byte in
            allowed.contains(byte)
                ? String(decoding: [byte], as: UTF8.self)
                : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
        return "postgresql://\(user):\(encoded)@\(host):\(port)/\(name)"
    }

    /// The same as variables of libpq.
    var environment: [String: String] {
        [
            "PGHOST": host, "PGPORT": "\(port)", "PGUSER": user, "PGDATABASE": name,
            "PGPASSWORD": password.reveal(),
        ]
    }
}

/// `supamanager projects db url`
struct ProjectsDatabaseURLCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "url", abstract: "Print the database's address with its password, for psql and drivers.",
        discussion: "For instance: psql \"$(supamanager projects db url shop)\"")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        let url = try DatabaseAddress(try await client.credentials(of: ref), of: detail.name).url
        if output.isJSON { return try session.show(json: ["ref": detail.ref, "url": url]) }
        session.say(url)
    }
}

/// `supamanager projects db psql`
struct ProjectsDatabasePsqlCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "psql", abstract: "Open psql on the database, as its owner.",
        discussion: "Needs psql on this machine, and that the database's port can be reached from it.")

    @OptionGroup var project: ProjectArgument

    @Argument(parsing: .postTerminator, help: "Arguments for psql, behind --.")
    var arguments: [String] = []

    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        let address = try DatabaseAddress(try await client.credentials(of: ref), of: detail.name)
        let folders = (session.environment["PATH"] ?? "").split(separator: ":")
        let programs = folders.map { "\($0)/psql" }
        guard let psql = programs.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw .failed("psql is not in a folder of PATH: install it (Debian: apt install postgresql-client)")
        }
        await session.http.shutdown()
        // By the environment: arguments are visible to all users of a machine.
        session.terminal.become(psql, arguments, setting: address.environment)
        throw .failed("\(psql) cannot be run")
    }
}

/// `supamanager projects sql`
struct ProjectsSQLCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql", abstract: "Run SQL in a project's database, as its owner, through the Management API.",
        discussion: """
            The statement is an argument, the contents of --file, or else comes on the standard input. Rows are a table, or \
            a list of objects with --json.
            """, aliases: ["exec"])

    @OptionGroup var project: ProjectArgument

    @Argument(help: "The statement.")
    var statement: String?

    @Option(name: [.short, .long], help: "File with the statement.")
    var file: String?

    @Flag(help: "Refuse to change anything.")
    var readOnly = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let text = try text(session)
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let answer = try await client.runSQL(text, isReadOnly: readOnly, in: ref)
        if output.isJSON { return try session.show(json: answer.rows) }
        guard !answer.columns.isEmpty else { return session.note("No rows.") }
        var table = Table(answer.columns)
        for row in answer.rows { table.add(answer.columns.map { Table.Cell(row[$0]?.cell ?? "") }) }
        session.show(table)
    }

    private func text(_ session: ClientSession) throws(ClientError) -> String {
        if let statement, file == nil { return statement }
        guard let file else { return try session.terminal.readInput("statement").reveal() }
        guard statement == nil else { throw .invalid("give the statement or --file, not both") }
        guard let bytes = FileManager.default.contents(atPath: file),
            let text = String(validating: bytes, as: UTF8.self)
        else { throw .invalid("\(file) cannot be read as text") }
        return text
    }
}
