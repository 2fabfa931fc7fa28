import FoundationEssentials
import Orchestrator

/// The proc file system. Its files have no size of their own, so each is read to its end and then measured.
struct ProcFolder: Sendable {
    let path: String

    /// Largest file that is looked into: a table of about 400,000 sockets.
    static let fileBytes = 64 << 20

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
        guard let data = try contents(of: file) else { return nil }
        guard data.count <= Self.fileBytes else {
            throw HostError("\(file) is larger than \(Self.fileBytes) bytes")
        }
        do throws(MalformedLine) {
            return try parse([UInt8](data))
        } catch {
            throw HostError("\(file), line \(error.number): \(error.reason)")
        }
    }

    private func contents(of file: String) throws(HostError) -> Data? {
        do {
            return try Data(contentsOf: URL(filePath: file))
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            return nil
        } catch {
            throw HostError("\(file) cannot be read: \(error)")
        }
    }
}
