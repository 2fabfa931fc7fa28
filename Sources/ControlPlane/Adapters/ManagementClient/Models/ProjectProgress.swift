public import ProjectModel

/// A project service by service.
public struct ProjectProgress: Codable, Sendable, Equatable {
    /// Identifier.
    public var ref: String
    /// Status, in the API's words.
    public var status: String
    /// Why the last thing failed.
    public var failure: Failure?
    public var services: [Service]

    /// The failed service.
    public struct Failure: Codable, Sendable, Equatable {
        /// The service, when it was one.
        public var service: String?
        /// The reason.
        public var message: String
        /// The end of the service's log.
        public var logTail: String?

        public init(service: String?, message: String, logTail: String?) {
            self.service = service
            self.message = message
            self.logTail = logTail
        }

        enum CodingKeys: String, CodingKey {
            case service, message
            case logTail = "log_tail"
        }
    }

    public struct Service: Codable, Sendable, Equatable {
        /// Its name in the template.
        public var service: String
        /// `ready`, `unknown`, `coming_up` or `failing`.
        public var state: String
        /// Why it is not ready.
        public var message: String?
        /// When it was last probed, in RFC 3339.
        public var observedAt: String?
        /// How far its image is; nil while none is pulled for it.
        public var imagePull: ImagePull?

        public init(
            service: String, state: String, message: String? = nil, observedAt: String? = nil,
            imagePull: ImagePull? = nil
        ) {
            self.service = service
            self.state = state
            self.message = message
            self.observedAt = observedAt
            self.imagePull = imagePull
        }

        enum CodingKeys: String, CodingKey {
            case service, state, message
            case observedAt = "observed_at"
            case imagePull = "image_pull"
        }
    }

    /// How far the pull of an image is.
    public struct ImagePull: Codable, Sendable, Equatable {
        /// The image, as the template names it.
        public var image: String
        /// Layers that are known so far.
        public var layers: Int
        /// Layers that are unpacked.
        public var layersDone: Int
        /// Bytes that were downloaded.
        public var bytes: Int64
        /// Bytes to download in all; nil while that is not known.
        public var bytesTotal: Int64?

        public init(image: String, layers: Int, layersDone: Int, bytes: Int64, bytesTotal: Int64?) {
            self.image = image
            self.layers = layers
            self.layersDone = layersDone
            self.bytes = bytes
            self.bytesTotal = bytesTotal
        }

        enum CodingKeys: String, CodingKey {
            case image, layers, bytes
            case layersDone = "layers_done"
            case bytesTotal = "bytes_total"
        }

        /// Tenths of the download that are done; nil while its size is not known.
        public var tenths: Int? {
            bytesTotal.flatMap { $0 > 0 ? Int(10 * min(1, max(0, Double(bytes) / Double($0)))) : nil }
        }
    }

    /// A project on its way.
    public init(ref: String, status: String, failure: Failure? = nil, services: [Service] = []) {
        self.ref = ref
        self.status = status
        self.failure = failure
        self.services = services
    }

    /// The status as one of those that are known.
    public var state: StudioStatus { StudioStatus(rawValue: status) ?? .unknown }
}

/// How people log in to a project's database and to its own dashboard.
public struct ProjectCredentials: Decodable, Sendable, Equatable {
    public let database: Database
    public let dashboard: Dashboard

    /// Where the database is, and who gets in.
    public struct Database: Decodable, Sendable, Equatable {
        /// Host name or address.
        public let host: String
        /// Port; nil while none is leased.
        public let port: Int?
        /// Name of the database; nil for a stack that declares none.
        public let name: String?
        /// Name of the role; nil for a stack that declares none.
        public let user: String?
        /// Password of the role.
        public let password: Secret<String>?

        enum CodingKeys: String, CodingKey {
            case host, port, name, user, password
        }

        /// Reads the answer of the API.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            host = try container.decode(String.self, forKey: .host)
            port = try container.decodeIfPresent(Int.self, forKey: .port)
            name = try container.decodeIfPresent(String.self, forKey: .name)
            user = try container.decodeIfPresent(String.self, forKey: .user)
            password = try container.decodeIfPresent(String.self, forKey: .password).map { Secret($0) }
        }
    }

    /// Where the dashboard is, and who gets in.
    public struct Dashboard: Decodable, Sendable, Equatable {
        /// Address; nil while no port is leased, and for a stack without a dashboard.
        public let url: String?
        /// Name of the login; nil for a stack without a dashboard.
        public let username: String?
        /// Password of the login.
        public let password: Secret<String>?

        enum CodingKeys: String, CodingKey {
            case url, username, password
        }

        /// Reads the answer of the API.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            url = try container.decodeIfPresent(String.self, forKey: .url)
            username = try container.decodeIfPresent(String.self, forKey: .username)
            password = try container.decodeIfPresent(String.self, forKey: .password).map { Secret($0) }
        }
    }
}
