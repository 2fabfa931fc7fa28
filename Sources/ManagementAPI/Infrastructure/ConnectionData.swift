import Orchestrator
import ProjectModel

/// Where clients reach a project's database, directly and through its pooler. No password is in it: where a text
/// needs one, it says `[YOUR-PASSWORD]`, as clients expect.
struct ConnectionData: Sendable, Equatable {
    let host: String
    /// Port of PostgreSQL; absent while none is leased.
    let port: UInt16?
    /// Port of the pooler in transaction mode; absent for projects without one.
    let poolerPort: UInt16?
    let database = "postgres"
    let user = "postgres"
    /// The pooler serves several tenants, and takes the tenant from the user name.
    let poolerUser: String

    /// Service that pools connections.
    static let poolerService = "pooler"
    /// Template variable that carries the leased port of the pooler's transaction mode.
    static let poolerPortVariable = "POOLER_TRANSACTION_PORT"
    /// What stands where a password belongs.
    static let passwordPlaceholder = "[YOUR-PASSWORD]"

    init(_ record: ProjectRecord, _ configuration: ManagementAPIConfiguration) {
        host = configuration.publicHost
        port = record.leases?.ports[configuration.databasePortVariable]
        let hasPooler = record.services.contains { $0.text == Self.poolerService }
        poolerPort = hasPooler ? record.leases?.ports[Self.poolerPortVariable] : nil
        poolerUser = "\(user).\(record.ref)"
    }

    /// The port of PostgreSQL that answers name: the usual one while none is leased.
    var shownPort: Int { port.map(Int.init) ?? ProjectSettings.unleasedDatabasePort }

    /// A connection string to the database itself.
    var connectionString: String { string(user: user, port: shownPort) }

    /// A connection string through the pooler.
    var poolerString: String? { poolerPort.map { string(user: poolerUser, port: Int($0)) } }

    private func string(user: String, port: Int) -> String {
        let address = host.contains(":") ? "[\(host)]" : host
        return "postgresql://\(user):\(Self.passwordPlaceholder)@\(address):\(port)/\(database)"
    }
}
