import AuthAPI
import Clients
import DataPlaneCore
import FoundationEssentials
import HTTPBounds
import Logging
import PostgresKit
import RealtimeAPI
import RestAPI

/// A setting that cannot be used: which, and what to do.
struct SettingProblem: Error, CustomStringConvertible {
    var description: String

    init(_ name: String, _ problem: String) { description = "\(name): \(problem)" }
}

/// Where to listen.
struct ServerAddress: Equatable {
    var host: String
    var port: Int
}

/// Bounds of what clients can ask for.
struct HTTPLimits {
    var connectionsMax = 1_024
    /// Of one IPv4 address or one IPv6 /64; this host's own and proxies have no such bound.
    var connectionsPerNetworkMax = 128
    /// Of one IPv4 /24 or IPv6 /48, with the same exceptions.
    var connectionsPerBlockMax = 256
    /// Of all connections, those that only this host's own clients and proxies get.
    var connectionsReserved = 32
    /// Length of the kernel's queue of connections not accepted yet.
    var backlogMax = 256
    /// Addresses behind which many clients are.
    var proxies = TrustedProxies()
    var headerBytesMax = 32 << 10
    var headersMax = 128
    var idleSeconds: Int64 = 60
    /// Bytes of bodies that are in hand at once, over all requests; what one body has below ``uncountedBytes`` is not
    /// counted.
    var bodyBytesInFlightMax = 32 << 20
    var uncountedBytes = 8 << 10
    /// The same of answers, from the moment that the database sends them to that when the client has them.
    var answerBytesInFlightMax = 64 << 20
    /// Bytes of each answer that are not counted: who reads large ones slowly keeps no small one back.
    var answerBytesFree = 64 << 10
    /// Bytes of a refused body that are read and thrown away, so that its sender reads the answer.
    var discardedBytesMax = 16 << 20
    /// Longest time from the beginning of a connection to the head of its first request.
    var headDeadline: Duration = .seconds(10)
    /// Longest time that a client may take nothing in while an answer waits for it.
    var roomDeadline: Duration = .seconds(30)
    /// Longest time from a request's head to the end of its body.
    var bodyDeadline: Duration = .seconds(60)
    /// The same for a body of a few bytes; a longer one gets the time that it takes at ``bodyBytesPerSecondMin``.
    var smallBodyDeadline: Duration = .seconds(5)
    /// Pace below which a body makes no progress.
    var bodyBytesPerSecondMin = 4_096
    /// How long a body may make no progress before its connection may be closed for another one.
    var bodyPatience: Duration = .seconds(1)

    /// Longest time for the next piece of a body that is worked on while it comes in.
    var pieceDeadline: Duration = .seconds(30)
    /// Bytes of an answer's body that are read and sent at once.
    static let contentPieceBytes = 256 << 10
    /// Bytes of a body that is written with its head: at most those that are not counted.
    static let wholeBodyBytes = 32 << 10
    /// Bytes of a request's body that is worked on by the connection's event loop.
    static let briefBodyBytesMax = 64 << 10

    var bodyPace: BodyPace {
        BodyPace(
            deadline: bodyDeadline, smallBodyDeadline: smallBodyDeadline, bytesPerSecondMin: bodyBytesPerSecondMin,
            patience: bodyPatience)
    }
}

/// Settings of `serve`, from the environment.
struct ServeSettings {
    /// Bytes of a row beside the body: headers that a function sets, a location.
    private static let besideBodyBytes = 1 << 20

    /// What bounds of bodies and answers can be set to.
    private static let bodyBytes = 1_024...(1 << 30)

    /// Longest life of a connection to the database, unless `PGRST_DB_POOL_MAX_LIFETIME` says otherwise.
    static let connectionAgeMax: Duration = .seconds(1_800)
    /// How long an unused connection is kept, unless `PGRST_DB_POOL_MAX_IDLETIME` says otherwise.
    static let connectionIdleMax: Duration = .seconds(30)

    /// With signed keys off, what a token of the shared secret may live: a day, or as long as those of sessions.
    private static let sessionTokenSecondsMax = 86_400

    /// Settings of the REST API.
    struct Rest {
        var database: PostgresConnectionParameters
        var pool: PostgresPoolConfiguration
        var limits: PostgresLimits
        var configuration: RestConfiguration
        var verifier: TokenVerifier
    }

    var rest: Rest?
    var auth: Auth?
    var storage: Storage?
    var realtime: Realtime?
    /// Where functions run here.
    var functions: Functions?
    /// The server that runs them, where it is another one.
    var functionsServer: ServerAddress?
    /// How the keys of tokens are read.
    var tokenKeys: TokenKeySettings
    /// Keys of clients, where several services are behind one address.
    var keys: APIKeys?
    var address: ServerAddress
    var adminAddress: ServerAddress?
    var http = HTTPLimits()
    var logLevel = Logger.Level.error

    init(environment: [String: String], services: Set<ServeCommand.Service>) throws(SettingProblem) {
        let reader = SettingReader(environment: environment, runsFunctions: services == [.functions])
        tokenKeys = TokenKeySettings(reader: reader, services: services)
        if services.contains(.rest) { rest = try Self.rest(reader, keys: tokenKeys) }
        if services.contains(.auth) { auth = try Auth(reader, keys: tokenKeys) }
        if services.count > 1 { keys = try Self.keys(reader) }
        if services == [.storage] {
            storage = try Storage(reader, tokens: tokenKeys, publicPath: nil, keys: nil)
        } else if services.contains(.storage), Storage.folder(reader) != nil {
            storage = try Storage(reader, tokens: tokenKeys, publicPath: StoragePart.prefix, keys: keys)
        }
        // Beside others it is served where it has a database role of its own.
        if services == [.realtime] || services.contains(.realtime) && reader.text("REALTIME_DB_URI") != nil {
            let served = try Realtime(reader, tokens: tokenKeys, keys: keys)
            http.connectionsMax += served.configuration.limits.connectionsMax
            realtime = served
        }
        if services == [.functions] {
            functions = try Functions(reader, tokens: tokenKeys, environment: environment)
        } else if services.contains(.functions) {
            functionsServer = try Self.functionsServer(reader)
        }
        if let seconds = try reader.int("PROJECTD_BODY_TIMEOUT", 1...3_600) { http.bodyDeadline = .seconds(seconds) }
        http.bodyBytesInFlightMax =
            try reader.int("PROJECTD_BODIES_BYTES_MAX", Self.bodyBytes) ?? http.bodyBytesInFlightMax
        http.answerBytesInFlightMax =
            try reader.int("PROJECTD_ANSWERS_BYTES_MAX", Self.bodyBytes) ?? http.answerBytesInFlightMax
        for text in reader.list("PROJECTD_TRUSTED_PROXIES") ?? [] {
            guard let proxy = ClientAddress(text) else {
                throw SettingProblem("PROJECTD_TRUSTED_PROXIES", "\(text) is no IP address")
            }
            http.proxies.addresses.insert(proxy)
        }
        auth?.configuration.rates.proxies = http.proxies
        address = try Self.address(reader, services)
        adminAddress = try reader.int("PGRST_ADMIN_SERVER_PORT", 1...65_535).map {
            ServerAddress(host: Self.host(reader.text("PGRST_ADMIN_SERVER_HOST")), port: $0)
        }
        logLevel = try Self.logLevel(reader)
    }

    private static func rest(_ reader: SettingReader, keys: TokenKeySettings) throws(SettingProblem) -> Rest {
        var pool = PostgresPoolConfiguration()
        pool.minimumConnections = 0
        pool.maximumConnections = try reader.int("PGRST_DB_POOL", 1...1_000) ?? 10
        if let seconds = try reader.int("PGRST_DB_POOL_ACQUISITION_TIMEOUT", 1...3_600) {
            pool.acquireDeadline = .seconds(seconds)
        } else {
            pool.acquireDeadline = .seconds(10)
        }
        pool.idleLimit = connectionIdleMax
        if let seconds = try reader.int("PGRST_DB_POOL_MAX_IDLETIME", 1...86_400) {
            pool.idleLimit = .seconds(seconds)
        }
        pool.maximumAge = connectionAgeMax
        if let seconds = try reader.int("PGRST_DB_POOL_MAX_LIFETIME", 1...86_400) {
            pool.maximumAge = .seconds(seconds)
        }
        let database = try database(reader, "PGRST_DB_URI")
        return Rest(
            database: database, pool: pool, limits: try limits(reader, of: database),
            configuration: try configuration(reader),
            verifier: TokenVerifier(keys: try keys.checking(), audience: reader.text("PGRST_JWT_AUD")))
    }

    /// Limits of connections whose rows hold what users have written.
    static func limits(
        _ reader: SettingReader, of database: PostgresConnectionParameters
    ) throws(SettingProblem) -> PostgresLimits {
        var limits = PostgresLimits()
        limits.maximumResultBytes = try answerBytesMax(reader) + besideBodyBytes
        limits.maximumMessageBytes = database.canBeInspected ? limits.maximumResultBytes : nil
        return limits
    }

    private static func answerBytesMax(_ reader: SettingReader) throws(SettingProblem) -> Int {
        try reader.int("PROJECTD_ANSWER_BYTES_MAX", bodyBytes) ?? RestConfiguration().answerBytesMax
    }

    static func database(
        _ reader: SettingReader, _ names: String...
    ) throws(SettingProblem) -> PostgresConnectionParameters {
        guard let name = names.first(where: { reader.text($0) != nil }), let url = reader.text(name) else {
            throw SettingProblem(
                names.joined(separator: " or "),
                "not set; give the database's address, such as postgresql://user@host/database")
        }
        do throws(PostgresError) {
            var parameters = try PostgresConnectionParameters(url: url)
            parameters.options["application_name"] = parameters.options["application_name"] ?? "projectd"
            return parameters
        } catch { throw SettingProblem(name, "not a connection URL that PostgreSQL's client library takes") }
    }

    /// The tokens that are keys, and opaque names for them.
    private static func keys(_ reader: SettingReader) throws(SettingProblem) -> APIKeys {
        func needed(_ name: String, _ other: String) throws(SettingProblem) -> String {
            guard let key = reader.text(name) ?? reader.text(other) else {
                throw SettingProblem(
                    name, "not set; several services behind one address ask clients for the project's keys")
            }
            return key
        }
        let anonymous = try needed("SUPABASE_ANON_KEY", "ANON_KEY")
        let service = try needed("SUPABASE_SERVICE_ROLE_KEY", "SERVICE_ROLE_KEY")
        var names = (reader.list("SUPABASE_PUBLISHABLE_KEY") ?? []).map { (key: $0, token: anonymous) }
        names += (reader.list("SUPABASE_SECRET_KEY") ?? []).map { (key: $0, token: service) }
        if let key = reader.text("PROJECTD_MANAGER_KEY") { names.append((key: key, token: service)) }
        let signed = [anonymous, service]
        return try reader.bool("PROJECTD_LEGACY_KEYS") ?? true
            ? APIKeys(tokens: signed, names: names)
            : APIKeys(
                tokens: [], names: names, refused: signed,
                sharedTokenSecondsMax: max(
                    try reader.int("GOTRUE_JWT_EXP", 1...31_536_000) ?? 0, Self.sessionTokenSecondsMax))
    }

    /// `PROJECTD_LISTEN`; a service alone listens where the one that it replaces did.
    private static func address(
        _ reader: SettingReader, _ services: Set<ServeCommand.Service>
    ) throws(SettingProblem) -> ServerAddress {
        if let text = reader.text("PROJECTD_LISTEN") {
            guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
                (1...65_535).contains(port)
            else { throw SettingProblem("PROJECTD_LISTEN", "not of the form HOST:PORT") }
            let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
            return ServerAddress(host: host.isEmpty ? "0.0.0.0" : String(host), port: port)
        }
        if services == [.auth] {
            let own = try reader.int("GOTRUE_API_PORT", 1...65_535)
            let common = try reader.int("PORT", 1...65_535)
            return ServerAddress(host: host(reader.text("GOTRUE_API_HOST")), port: own ?? common ?? 8081)
        }
        if services == [.storage] {
            let own = try reader.int("SERVER_PORT", 1...65_535)
            let common = try reader.int("PORT", 1...65_535)
            return ServerAddress(host: host(reader.text("SERVER_HOST")), port: own ?? common ?? 5000)
        }
        if services.count > 1 || services == [.functions] { return ServerAddress(host: "0.0.0.0", port: 8000) }
        if services == [.realtime] {
            return ServerAddress(host: "0.0.0.0", port: try reader.int("PORT", 1...65_535) ?? 4000)
        }
        return ServerAddress(
            host: host(reader.text("PGRST_SERVER_HOST")), port: try reader.int("PGRST_SERVER_PORT", 1...65_535) ?? 3000)
    }

    /// PostgREST's special names for all addresses.
    private static func host(_ text: String?) -> String {
        switch text {
        case nil, "!4", "*4", "*": "0.0.0.0"
        case "!6", "*6": "::"
        case let name?: name
        }
    }

    private static func logLevel(_ reader: SettingReader) throws(SettingProblem) -> Logger.Level {
        switch reader.text("PGRST_LOG_LEVEL") ?? reader.text("GOTRUE_LOG_LEVEL") {
        case nil, "error", "crit", "fatal", "panic": return .error
        case "warn", "warning": return .warning
        case "info": return .info
        case "debug", "trace": return .debug
        case let other?: throw SettingProblem("PGRST_LOG_LEVEL", "\(other) is none of crit, error, warn, info, debug")
        }
    }
}

extension ServeSettings {
    private static func configuration(_ reader: SettingReader) throws(SettingProblem) -> RestConfiguration {
        var rest = RestConfiguration()
        rest.schemas = reader.list("PGRST_DB_SCHEMAS") ?? rest.schemas
        guard !rest.schemas.isEmpty else { throw SettingProblem("PGRST_DB_SCHEMAS", "names no schema") }
        rest.anonymousRole = reader.text("PGRST_DB_ANON_ROLE")
        rest.extraSearchPath = reader.list("PGRST_DB_EXTRA_SEARCH_PATH") ?? rest.extraSearchPath
        rest.preRequest = reader.text("PGRST_DB_PRE_REQUEST")
        rest.rootFunction = reader.text("PGRST_DB_ROOT_SPEC")
        rest.bodyBytesMax = try reader.int("PROJECTD_BODY_BYTES_MAX", bodyBytes) ?? rest.bodyBytesMax
        rest.answerBytesMax = try answerBytesMax(reader)
        rest.maxRows = try reader.int("PGRST_DB_MAX_ROWS", 0...Int.max).map { Int64($0) }
        rest.transactionEnd = try reader.choice("PGRST_DB_TX_END") ?? rest.transactionEnd
        rest.allowsPlans = try reader.bool("PGRST_DB_PLAN_ENABLED") ?? false
        rest.allowsAggregates = try reader.bool("PGRST_DB_AGGREGATES_ENABLED") ?? false
        rest.usesPreparedStatements = try reader.bool("PGRST_DB_PREPARED_STATEMENTS") ?? true
        rest.hoistedSettings = reader.list("PGRST_DB_HOISTED_TX_SETTINGS") ?? rest.hoistedSettings
        rest.channel =
            try reader.bool("PGRST_DB_CHANNEL_ENABLED") ?? true
            ? reader.text("PGRST_DB_CHANNEL") ?? "pgrst" : nil
        rest.openAPIMode = try reader.choice("PGRST_OPENAPI_MODE") ?? rest.openAPIMode
        rest.showsTiming = try reader.bool("PGRST_SERVER_TIMING_ENABLED") ?? false
        rest.traceHeader = reader.text("PGRST_SERVER_TRACE_HEADER")
        rest.allowedOrigins = reader.list("PGRST_SERVER_CORS_ALLOWED_ORIGINS") ?? []
        rest.hasMinimalErrors = reader.text("PGRST_CLIENT_ERROR_VERBOSITY") == "minimal"
        rest.usesLegacyTargetNames = try reader.bool("PGRST_URL_USE_LEGACY_TARGET_NAMES") ?? true
        if let path = reader.text("PGRST_JWT_ROLE_CLAIM_KEY") {
            guard let claim = RoleClaim(path) else {
                throw SettingProblem("PGRST_JWT_ROLE_CLAIM_KEY", "not a path such as $.role or .app.roles[0]")
            }
            rest.roleClaim = claim
        }
        rest.appSettings = reader.appSettings
        return rest
    }
}

/// Reads settings; an empty one is not set.
struct SettingReader: Sendable {
    private static let appPrefix = "PGRST_APP_SETTINGS_"

    let environment: [String: String]

    init(environment: [String: String]) { self.environment = environment }

    /// - Parameter runsFunctions: whether the environment is that of functions, too: then only names of the server's
    ///   own, which no secret of functions has, are settings.
    init(environment: [String: String], runsFunctions: Bool) {
        self.environment = runsFunctions ? environment.filter { $0.key.hasPrefix("PROJECTD_") } : environment
    }

    func text(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Items separated by commas; set and empty is a list of nothing.
    func list(_ name: String) -> [String]? {
        environment[name].map { text in
            text.split(separator: ",").map { String($0).trimmingBlanks }.filter { !$0.isEmpty }
        }
    }

    func int(_ name: String, _ range: ClosedRange<Int>) throws(SettingProblem) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw SettingProblem(name, "\(text) is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func bool(_ name: String) throws(SettingProblem) -> Bool? {
        switch text(name)?.lowercased() {
        case nil: return nil
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        case let other?: throw SettingProblem(name, "\(other) is neither true nor false")
        }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(SettingProblem) -> Choice? where Choice.RawValue == String {
        guard let text = text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw SettingProblem(
                name, "\(text) is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    /// `PGRST_APP_SETTINGS_X` is the setting `app.settings.x`.
    var appSettings: [(name: String, value: String)] {
        environment.filter { $0.key.hasPrefix(Self.appPrefix) }
            .map { (name: $0.key.dropFirst(Self.appPrefix.count).lowercased(), value: $0.value) }
            .sorted { $0.name < $1.name }
    }
}

extension String {
    /// The text without blanks and line ends around it.
    var trimmingBlanks: String {
        let isSpace = { (character: Character) in character.isWhitespace }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
