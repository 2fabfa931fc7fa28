import DataPlaneCore
import FoundationEssentials
import PostgresKit
import StorageAPI
import TokenKit

extension ServeSettings {
    /// Settings of the STORAGE API.
    struct Storage {
        /// Smallest and largest life of an address, in seconds.
        private static let lifeSeconds = 1...31_536_000
        /// Where the keys of tokens are, the first that is set.
        private static let secretNames = ["AUTH_JWT_SECRET", "PGRST_JWT_SECRET"]

        var database: PostgresConnectionParameters
        var pool = PostgresPoolConfiguration()
        var limits: PostgresLimits
        var configuration = StorageConfiguration()
        var verifier: TokenVerifier
        /// Signs addresses.
        var secret: KeyBytes
        /// The project's keys, where several services are behind one address.
        var keys: APIKeys?
        /// The folder of the files.
        var folder: String
        /// The most bytes of all files; nil where the disk alone bounds them.
        var bytesMax: Int?
        /// Transforming images; nil where it is off.
        var images: ImageSettings?

        /// Where files lie, unless nothing is said about it: then there is no STORAGE API.
        static func folder(_ reader: SettingReader) -> String? {
            reader.text("STORAGE_FILE_BACKEND_PATH") ?? reader.text("FILE_STORAGE_BACKEND_PATH")
        }

        /// - Parameters:
        ///   - publicPath: what stands before the paths where a gateway takes it away.
        ///   - keys: the project's keys, where several services are behind one address.
        init(
            _ reader: SettingReader, tokens: TokenKeySettings, publicPath: String?, keys: APIKeys?
        ) throws(SettingProblem) {
            guard let folder = Self.folder(reader) else {
                throw SettingProblem("STORAGE_FILE_BACKEND_PATH", "not set; give the folder that files are kept in")
            }
            self.folder = folder
            if let backend = reader.text("STORAGE_BACKEND"), backend != "file" {
                throw SettingProblem(
                    "STORAGE_BACKEND", "\(backend) is not served by projectd; it keeps files in a folder")
            }
            database = StorageService.parameters(
                try ServeSettings.database(reader, "STORAGE_DATABASE_URL", "DATABASE_URL"))
            pool.minimumConnections = 0
            pool.maximumConnections = try reader.int("DATABASE_MAX_CONNECTIONS", 1...1_000) ?? 10
            pool.idleLimit = ServeSettings.connectionIdleMax
            pool.maximumAge = ServeSettings.connectionAgeMax
            limits = try ServeSettings.limits(reader, of: database)
            limits.statementDeadline = StorageService.statementDeadline
            let (tokenKeys, secret) = try Self.keys(tokens)
            verifier = TokenVerifier(keys: tokenKeys, audience: nil)
            self.secret = secret
            self.keys = keys
            configuration.publicPath = publicPath ?? reader.text("STORAGE_PUBLIC_PATH") ?? ""
            images = try ImageSettings(reader, folder: folder) { FileManager.default.fileExists(atPath: $0) }
            try readLimits(reader)
            try readS3(reader)
        }

        private mutating func readLimits(_ reader: SettingReader) throws(SettingProblem) {
            configuration.fileBytesMax =
                try reader.int("FILE_SIZE_LIMIT", 1...(1 << 46)) ?? configuration.fileBytesMax
            bytesMax = try reader.int("PROJECTD_STORAGE_BYTES_MAX", 1...(1 << 60))
            configuration.uploadURLSeconds =
                try reader.int("UPLOAD_SIGNED_URL_EXPIRATION_TIME", Self.lifeSeconds)
                ?? configuration.uploadURLSeconds
            if let milliseconds = try reader.int("TUS_URL_EXPIRY_MS", 1_000...(31_536_000 * 1_000)) {
                configuration.resumableSeconds = milliseconds / 1_000
            }
        }

        private mutating func readS3(_ reader: SettingReader) throws(SettingProblem) {
            configuration.region = reader.text("STORAGE_S3_REGION") ?? reader.text("REGION") ?? configuration.region
            let ids = reader.list("S3_PROTOCOL_ACCESS_KEY_ID") ?? []
            let secrets = reader.list("S3_PROTOCOL_ACCESS_KEY_SECRET") ?? []
            guard ids.count == secrets.count, Set(ids).count == ids.count else {
                throw SettingProblem(
                    "S3_PROTOCOL_ACCESS_KEY_ID",
                    "needs as many different keys as S3_PROTOCOL_ACCESS_KEY_SECRET has secrets")
            }
            configuration.s3Keys = zip(ids, secrets).map { .init(id: $0, secret: KeyBytes(Array($1.utf8))) }
            if let tenant = reader.text("TENANT_ID"),
                let key = reader.text("SUPABASE_ANON_KEY") ?? reader.text("ANON_KEY"), keys?.isRefused(key) != true
            {
                configuration.sessionKey = .init(id: tenant, secret: KeyBytes(Array(key.utf8)))
            }
        }

        /// What tokens are checked with, and the one secret that addresses are signed with.
        static func keys(_ tokens: TokenKeySettings) throws(SettingProblem) -> ([TokenVerifier.Key], KeyBytes) {
            let keys = try tokens.checking(secretNames)
            for case .secret(let secret) in keys { return (keys, secret) }
            throw SettingProblem(
                secretNames.joined(separator: " or "), "has no symmetric secret; addresses are signed with one")
        }
    }
}
