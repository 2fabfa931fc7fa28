import FoundationEssentials
import Orchestrator
import TokenKit

/// The files of a template that projects get copies of.
struct TemplateFolder: Sendable {
    /// Most files that a template may bring.
    static let filesMax = 1_000
    /// Largest file that a template may bring, in bytes.
    static let fileBytesMax = 8 << 20

    /// Absolute path of the template's folder.
    let path: String
    /// Files and folders that the template names, relative to its own.
    let named: [String]

    /// Paths of all files, relative to the template's folder, sorted.
    func files() throws(TemplateError) -> [String] {
        var found: [String] = []
        var open = named
        while let relative = open.popLast() {
            guard found.count < Self.filesMax else { throw .broken("it has over \(Self.filesMax) files") }
            var isFolder = false
            guard FileManager.default.fileExists(atPath: path + "/" + relative, isDirectory: &isFolder) else {
                throw .broken("it names \(relative), which does not exist")
            }
            if isFolder {
                open += try names(in: relative).map { relative + "/" + $0 }
            } else {
                found.append(relative)
            }
        }
        return found.sorted()
    }

    /// The content of one of ``files()``.
    func contents(_ relative: String) throws(TemplateError) -> Data {
        guard let data = FileManager.default.contents(atPath: path + "/" + relative), data.count <= Self.fileBytesMax
        else { throw .broken("\(relative) cannot be read or is larger than \(Self.fileBytesMax) bytes") }
        return data
    }

    /// A hash of each file's content.
    func digests() throws(TemplateError) -> [String: String] {
        var digests: [String: String] = [:]
        for relative in try files() {
            let data = try contents(relative)
            do { digests[relative] = Hex.encode(try Digest.sha256(Array(data))) } catch { throw .broken("\(error)") }
        }
        return digests
    }

    private func names(in relative: String) throws(TemplateError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path + "/" + relative)
        } catch { throw .broken("\(relative) cannot be listed: \(error)") }
    }
}
