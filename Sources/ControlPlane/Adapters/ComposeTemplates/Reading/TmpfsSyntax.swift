/// The short form of an in-memory mount: `path` or `path:options`.
struct TmpfsSyntax: Sendable, Hashable {
    /// Why a text is no such mount.
    struct Failure: Error, Sendable, Hashable {
        let reason: String
    }

    /// What holds for every in-memory mount anyway.
    private static let implied: Set<Substring> = ["rw", "noexec", "nosuid", "nodev"]

    /// Absolute path in the container.
    let target: String
    /// The size limit in bytes; nil for none.
    let sizeBytes: Int?
    /// The file mode of its root.
    let mode: Int?

    /// Reads `text`.
    init(_ text: String) throws(Failure) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        target = String(parts[0])
        var (size, mode): (Int?, Int?)
        for option in parts.count == 2 ? parts[1].split(separator: ",") : [] where !Self.implied.contains(option) {
            let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count == 2 ? String(pair[1]) : ""
            switch pair[0] {
            case "size":
                guard let bytes = ByteCount.parse(value), ServiceLimits.memoryBytes.contains(bytes) else {
                    throw Failure(reason: "\"\(value)\" is not a size such as 64m, of \(ServiceLimits.memoryText)")
                }
                size = bytes
            case "mode":
                guard let bits = Int(value, radix: 8), (0...0o7777).contains(bits) else {
                    throw Failure(reason: "\"\(value)\" is not a file mode such as 1777")
                }
                mode = bits
            default: throw Failure(reason: "the option \"\(option)\" is not supported; use size and mode")
            }
        }
        (sizeBytes, self.mode) = (size, mode)
    }
}
