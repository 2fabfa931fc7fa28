import DataPlaneCore
import HTTPBounds
import Logging
import PostgresKit
import ServiceLifecycle

/// The APIs that one server has.
struct ServiceParts: Sendable {
    private let parts: [any ServicePart]
    /// Keys of clients, where several APIs are behind one address.
    private let keys: APIKeys?

    /// Those that the settings ask for.
    ///
    /// - Parameter answers: the memory for answers.
    init(_ settings: ServeSettings, answers: ByteBudget, logger: Logger) async throws {
        let room: PostgresResultRoom = { [free = settings.http.answerBytesFree] in answers.share(beyond: free) }
        var parts: [any ServicePart] = []
        if let auth = settings.auth { parts.append(try AuthPart(auth, room: room, logger: logger)) }
        if let rest = settings.rest { parts.append(RestPart(rest, room: room, logger: logger)) }
        if let storage = settings.storage { parts.append(try await StoragePart(storage, room: room, logger: logger)) }
        if let realtime = settings.realtime { parts.append(RealtimePart(realtime, room: room, logger: logger)) }
        if let functions = settings.functions { parts.append(try FunctionsPart(functions)) }
        if let server = settings.functionsServer, let keys = settings.keys {
            parts.append(FunctionsRelayPart(server, keys: keys))
        }
        self.parts = parts
        keys = settings.keys
    }

    /// What clients see: one API as it is, or several behind a gateway; nil where there is none.
    var face: (any DataPlaneService)? {
        guard let keys else { return parts.first?.mount.service }
        return Gateway(mounts: parts.map(\.mount), keys: keys, isReady: { await isReady() })
    }

    /// Where WebSockets come in; nil where no API takes them.
    var sockets: SocketEntrance? {
        parts.lazy.compactMap { [keys] in $0.entrance(prefix: keys == nil ? "" : $0.mount.prefix) }.first
    }

    /// What runs beside the server.
    var loops: [any ServiceLifecycle.Service] { parts.flatMap(\.loops) + [PoolLoop(pools: parts.flatMap(\.pools))] }

    /// Reads the keys of tokens again for every API: all are read before one is replaced.
    func replaceTokenKeys(from settings: TokenKeySettings) throws(SettingProblem) {
        var replacements: [@Sendable () -> Void] = []
        for part in parts { replacements.append(try part.tokenKeys(from: settings)) }
        for replace in replacements { replace() }
    }

    /// Whether every API can do its work now.
    func isReady() async -> Bool {
        for part in parts where await !part.isReady() { return false }
        return true
    }

    /// Gives back what the APIs hold.
    func close() async {
        for part in parts { await part.close() }
    }
}
