/// The function that a request is for: the first segment of its path.
public struct FunctionRoute: Sendable, Equatable {
    /// Methods that functions are called with.
    public static let methods: Set<String> = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    /// Longest name of a function.
    public static let slugCharactersMax = 64
    /// Where the service says that it runs. No function's name begins like this.
    public static let healthPath = "/_internal/health"

    /// The function's name.
    public let slug: String

    /// Reads a path such as `/hello` or `/hello/rest`.
    public init(method: String, path: String) throws(FunctionRefusal) {
        let name = path.dropFirst().prefix { $0 != "/" }
        guard path.hasPrefix("/"), Self.isSlug(name) else { throw .notFound }
        guard Self.methods.contains(method) else { throw .methodNotAllowed }
        slug = String(name)
    }

    /// Whether a text is a letter and then letters, digits, `_` and `-`: never one that leads to another folder.
    static func isSlug(_ text: some StringProtocol) -> Bool {
        guard (1...slugCharactersMax).contains(text.utf8.count) else { return false }
        return text.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): index > 0
            default: false
            }
        }
    }
}
