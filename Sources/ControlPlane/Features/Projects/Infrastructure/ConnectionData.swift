import APIKit
import Orchestrator
import ProjectModel

/// Where clients reach a project's database, directly and through its pooler. No password is in it: where a text
/// needs one, it says `[YOUR-PASSWORD]`, as clients expect.
struct ConnectionData: Sendable, Equatable {
    /// Stands for the password: the answer shows no secret.
    private static let passwordPlaceholder = "[YOUR-PASSWORD]"

    let host: String
    /// Port of PostgreSQL; absent while none is leased.
    let port: UInt16?
    /// Port of the pooler in transaction mode; absent for projects without one.
    let poolerPort: UInt16?
    let database: String
    let user: String
    /// The pooler serves several tenants, and takes the tenant from the user name.
    let poolerUser: String

    /// - Throws: ``CatalogError/unsupported(_:_:)`` for a stack without a database.
    init(_ stack: ProjectStack, _ publicHost: String) throws(CatalogError) {
        let roles = try stack.database()
        host = publicHost
        port = stack.port(.database)
        poolerPort = stack.service(.pooler) == nil ? nil : stack.port(.poolerTransaction)
        database = roles.database
        user = roles.owner
        poolerUser = "\(user).\(stack.record.ref)"
    }

    /// The port of PostgreSQL that answers name: the usual one while none is leased.
    var shownPort: Int { port.map(Int.init) ?? ProjectSettings.unleasedDatabasePort }

    /// A connection string to the database itself.
    var connectionString: String { string(user: user, port: shownPort) }

    /// A connection string through the pooler.
    var poolerString: String? { poolerPort.map { string(user: poolerUser, port: Int($0)) } }

    private func string(user: String, port: Int) -> String {
        let address = host.contains(":") ? "[\(host)]" : host
        let (login, name) = (GatewayRequest.encoded(user), GatewayRequest.encoded(database))
        return "postgresql://\(login):\(Self.passwordPlaceholder)@\(address):\(port)/\(name)"
    }
}
