/// A version of the Engine API, such as 1.41.
public struct APIVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The oldest version that this client can use (Docker 20.10).
    public static let minimum = APIVersion(major: 1, minor: 41)
    /// The newest version that this client knows (Docker 27). Newer engines are asked to speak this one.
    public static let newestKnown = APIVersion(major: 1, minor: 47)

    /// The first version that takes more than one network when a container is created (Docker 25).
    static let severalNetworksAtCreation = APIVersion(major: 1, minor: 44)

    /// The part before the dot.
    public let major: Int
    /// The part after the dot.
    public let minor: Int

    public init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `1.41`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]), major >= 0, minor >= 0 else {
            return nil
        }
        self.init(major: major, minor: minor)
    }

    /// As `1.41`.
    public var description: String { "\(major).\(minor)" }

    /// By number, so that 1.9 comes before 1.41.
    public static func < (left: APIVersion, right: APIVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// The version to speak with an engine that knows everything from `engineMinimum` to `engine`.
    ///
    /// - Throws: `unsupportedEngine` when there is none.
    static func negotiate(engine: APIVersion, engineMinimum: APIVersion?) throws(DockerError) -> APIVersion {
        if engine < minimum {
            throw .unsupportedEngine(
                "the Docker Engine speaks API \(engine); at least \(minimum) (Docker 20.10) is needed: update it")
        }
        if let engineMinimum, engineMinimum > newestKnown {
            throw .unsupportedEngine(
                "the Docker Engine speaks API \(engineMinimum) and newer only; this program knows \(newestKnown)")
        }
        return min(engine, newestKnown)
    }
}
