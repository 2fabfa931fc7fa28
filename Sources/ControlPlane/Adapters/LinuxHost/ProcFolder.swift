import Orchestrator

/// The proc file system, or what stands in for it.
struct ProcFolder: Sendable {
    let path: String

    /// Largest file that is read: a table of about 400,000 sockets.
    static let fileBytesMax = 64 << 20

    /// Reads and parses a file that must be there.
    func read<Value>(
        _ name: String, parse: ([UInt8]) throws(MalformedLine) -> Value
    ) throws(HostError) -> Value {
        guard let value = try readIfPresent(name, parse: parse) else {
            throw HostError("\(path)/\(name) does not exist: is the proc file system mounted?")
        }
        return value
    }

    /// Reads and parses a file that may be missing.
    func readIfPresent<Value>(
        _ name: String, parse: ([UInt8]) throws(MalformedLine) -> Value
    ) throws(HostError) -> Value? {
        let file = "\(path)/\(name)"
        do {
            return try KernelFile.bytes(of: file, bytesMax: Self.fileBytesMax).map(parse)
        } catch let error as MalformedLine {
            throw HostError("\(file), line \(error.number): \(error.reason)")
        } catch {
            throw HostError("\(file) \(error)")
        }
    }
}
