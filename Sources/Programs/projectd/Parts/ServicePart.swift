import DataPlaneCore
import HTTPBounds
import PostgresKit
import ServiceLifecycle

/// One API of the project and what keeps it going.
protocol ServicePart: Sendable {
    /// The API, and where it is behind a gateway.
    var mount: Gateway.Mount { get }

    /// What runs beside the server.
    var loops: [any ServiceLifecycle.Service] { get }

    /// Its connections to the database.
    var pools: [PostgresPool] { get }

    /// Where its WebSockets come in, below a prefix of the paths; nil where it takes none.
    func entrance(prefix: String) -> SocketEntrance?

    /// Reads the keys of tokens again. What it returns puts them in the place of those that counted.
    func tokenKeys(from settings: TokenKeySettings) throws(SettingProblem) -> @Sendable () -> Void

    /// Whether the API can do its work now.
    func isReady() async -> Bool

    /// Gives back what the API holds. Called once, after the server and the loops have ended.
    func close() async
}

extension ServicePart {
    var pools: [PostgresPool] { [] }

    func entrance(prefix: String) -> SocketEntrance? { nil }
}

extension PostgresLimits {
    /// The same limits, with results that count for the memory of all answers.
    func sharing(_ room: @escaping PostgresResultRoom) -> PostgresLimits {
        var limits = self
        limits.resultRoom = room
        return limits
    }
}

extension ByteBudget.Share: PostgresResultShare {}

extension PostgresPool {
    /// Whether the database answers.
    var answers: Bool {
        get async {
            do {
                try await ping()
                return true
            } catch { return false }
        }
    }
}
