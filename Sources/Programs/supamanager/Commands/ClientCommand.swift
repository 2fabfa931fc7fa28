import ArgumentParser
import CurlKit
import FoundationEssentials
import ManagementClient

/// A command that calls a Management API, independent of the manager's internals.
protocol ClientCommand: AsyncParsableCommand {
    /// Which API.
    var connection: ConnectionOptions { get }

    /// Does the work.
    func perform(_ session: ClientSession) async throws(ClientError)
}

extension ClientCommand {
    func run() async throws {
        try await ClientSession.run(connection) { session throws(ClientError) in try await perform(session) }
    }
}

extension ClientSession {
    /// Opens a session, does the work, and ends the program with the exit code of what went wrong.
    static func run(
        _ connection: ConnectionOptions, _ work: (ClientSession) async throws(ClientError) -> Void
    ) async throws {
        let terminal = Terminal()
        let failure: ClientError
        do throws(ClientError) {
            let session = try ClientSession(connection, terminal)
            do throws(ClientError) {
                try await work(session)
            } catch {
                await session.http.shutdown()
                throw error
            }
            await session.http.shutdown()
            return
        } catch {
            failure = error
        }
        terminal.write("Error: \(DisplayText.lines("\(failure)"))\n", to: .error)
        throw ExitCode(ExitStatus(failure).rawValue)
    }
}

/// The context of a command: the API, the terminal, and the environment.
struct ClientSession: Sendable {
    let place: ClientSettings.Place
    let terminal: Terminal
    let environment: [String: String]
    let http: HTTPClient
    /// Style of the text output.
    let style: Style

    var address: APIAddress { place.address }

    init(_ connection: ConnectionOptions, _ terminal: Terminal) throws(ClientError) {
        environment = ProcessInfo.processInfo.environment
        place = try ClientSettings.place(
            option: connection.address, context: connection.context, environment: environment)
        self.terminal = terminal
        style = Style(isTerminal: terminal.isTerminal(.output), environment: environment)
        do throws(HTTPTransportError) {
            http = try HTTPClient(limits: HTTPClientLimits(exchangeConnections: 4, longConnections: 1))
        } catch { throw .unreachable(error) }
    }

    /// Address and token of the API, with the source of the token.
    func settings() throws(ClientError) -> ClientSettings {
        try ClientSettings(at: place, environment: environment)
    }

    /// The API for who is signed in.
    ///
    /// - Throws: ``ClientError/notSignedIn(_:)``.
    func client() throws(ClientError) -> ManagementClient {
        guard let token = try settings().token else { throw .notSignedIn(address) }
        return anonymousClient().presenting(token)
    }

    /// A client without a token.
    func anonymousClient() -> ManagementClient {
        ManagementClient(address, token: nil, version: Version.text, http: http)
    }

    /// Prints a table, as wide as the terminal.
    func show(_ table: Table) {
        let columns = terminal.isTerminal(.output) ? terminal.size(.output).columns : nil
        terminal.write(table.text(columns: columns, style: style), to: .output)
    }

    /// Prints a list: as a table, as JSON where that is wanted, or `none` where it is empty.
    func show<Row: Encodable>(
        _ rows: [Row], _ output: OutputOptions, none: String, columns: [String], cells: (Row) -> [Table.Cell]
    ) throws(ClientError) {
        if output.isJSON { return try show(json: rows) }
        if rows.isEmpty { return note(none) }
        var table = Table(columns)
        for row in rows { table.add(cells(row)) }
        show(table)
    }

    /// Has a name typed before something that cannot be undone; `deed` continues "give --yes to …".
    func confirm(
        _ deed: String, warning: String, asking question: String, for name: String, otherwise refusal: String
    ) throws(ClientError) {
        guard terminal.isTerminal(.input) else {
            throw .invalid("there is no terminal to ask on: give --yes to \(deed) without being asked")
        }
        note(warning)
        guard try terminal.ask(question) == name else { throw .failed(refusal) }
    }

    /// Prints a list of names and values.
    func show(_ fields: FieldList) { terminal.write(fields.text(style: style), to: .output) }

    /// Prints a line, whatever it holds of others.
    func say(_ text: String) { terminal.write(DisplayText.lines(text) + "\n", to: .output) }

    /// Prints a line to standard error, outside of what scripts read.
    func note(_ text: String) { terminal.write(DisplayText.lines(text) + "\n", to: .error) }

    /// Prints JSON, names in the order of the alphabet.
    func show(json value: some Encodable) throws(ClientError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            say(DisplayText.json(String(decoding: try encoder.encode(value), as: UTF8.self)))
        } catch { throw .failed("the answer cannot be written as JSON") }
    }

    /// The organization that a command means: the one it names, that of SUPAMANAGER_ORG, that of the context which the
    /// address is of, or the only one there is.
    func organization(_ given: String?, _ client: ManagementClient) async throws(ClientError) -> String {
        if let given = given ?? environment["SUPAMANAGER_ORG"], !given.isEmpty { return given }
        if let organization = place.context?.organization { return organization }
        let slugs = try await client.organizations().map(\.slug)
        guard let only = slugs.first else { throw .notFound("you belong to no organization") }
        guard slugs.count == 1 else {
            throw .invalid(
                "you belong to several organizations: name one with --org, SUPAMANAGER_ORG or a context, "
                    + slugs.joined(separator: ", "))
        }
        return only
    }
}
