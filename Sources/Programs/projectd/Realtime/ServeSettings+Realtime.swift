import DataPlaneCore
import PostgresKit
import RealtimeAPI

extension ServeSettings {
    /// Settings of the realtime API.
    struct Realtime {
        /// Where the keys of tokens are, the first that is set.
        static let secretNames = ["API_JWT_SECRET", "PGRST_JWT_SECRET"]

        var database: PostgresConnectionParameters
        var pool = PostgresPoolConfiguration()
        var limits: PostgresLimits
        var configuration: RealtimeConfiguration

        /// - Parameter keys: the project's keys, where several services are behind one address.
        init(_ reader: SettingReader, tokens: TokenKeySettings, keys: APIKeys?) throws(SettingProblem) {
            database = try ServeSettings.database(reader, "REALTIME_DB_URI", "DATABASE_URL")
            limits = try ServeSettings.limits(reader, of: database)
            pool.minimumConnections = 0
            pool.maximumConnections = try reader.int("DB_POOL_SIZE", 1...1_000) ?? 5
            pool.idleLimit = ServeSettings.connectionIdleMax
            pool.maximumAge = ServeSettings.connectionAgeMax
            guard Self.secretNames.contains(where: { reader.text($0) != nil }) else {
                throw SettingProblem("API_JWT_SECRET", "not set; give the secret that tokens are signed with")
            }
            configuration = RealtimeConfiguration(
                verifier: TokenVerifier(keys: try tokens.checking(Self.secretNames), audience: nil), keys: keys)
            try Self.read(&configuration.limits, reader)
            configuration.limits.replicatedBytesMax = limits.maximumMessageBytes
        }

        private static func read(_ limits: inout RealtimeLimits, _ reader: SettingReader) throws(SettingProblem) {
            let range = 1...1_000_000
            limits.connectionsMax = try reader.int("TENANT_MAX_CONCURRENT_USERS", range) ?? limits.connectionsMax
            limits.messagesPerSecondMax =
                try reader.int("TENANT_MAX_EVENTS_PER_SECOND", range) ?? limits.messagesPerSecondMax
            limits.joinsPerSecondMax = try reader.int("TENANT_MAX_JOINS_PER_SECOND", range) ?? limits.joinsPerSecondMax
            limits.channelsPerConnectionMax =
                try reader.int("TENANT_MAX_CHANNELS_PER_CLIENT", range) ?? limits.channelsPerConnectionMax
            limits.presencePerSecondMax =
                try reader.int("TENANT_MAX_PRESENCE_EVENTS_PER_SECOND", range) ?? limits.presencePerSecondMax
            limits.presenceCallsMax = try reader.int("PROJECTD_PRESENCE_CALLS_MAX", range) ?? limits.presenceCallsMax
            if let kilobytes = try reader.int("TENANT_MAX_PAYLOAD_SIZE_IN_KB", 1...5_000) {
                limits.broadcastBytesMax = kilobytes * 1_000 + 500
            }
            limits.outboundBytesMax =
                try reader.int("PROJECTD_SOCKET_BYTES_MAX", 65_536...(1 << 30)) ?? limits.outboundBytesMax
            limits.socketBytesInFlightMax =
                try reader.int("PROJECTD_SOCKETS_BYTES_MAX", 1_048_576...(1 << 33))
                ?? limits.socketBytesInFlightMax
            limits.isPrivateOnly = try reader.bool("TENANT_PRIVATE_ONLY") ?? limits.isPrivateOnly
            if let seconds = try reader.int("PROJECTD_SOCKET_IDLE_SECONDS", 1...86_400) {
                limits.idleSeconds = Double(seconds)
            }
        }
    }
}
