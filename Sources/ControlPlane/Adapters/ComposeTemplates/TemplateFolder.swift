import FoundationEssentials
import Orchestrator

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
            switch try folder.use({ folder throws(GuardedFolderError) in try folder.kind(of: relative) }) {
            case .folder?:
                let names = try folder.use { folder throws(GuardedFolderError) in try folder.names(in: relative) }
                open += names.map { relative + "/" + $0 }
            case .file?: found.append(relative)
            case nil: throw .broken("it names \(relative), which does not exist")
            }
        }
        return found.sorted()
    }

    /// The content of one of ``files()``.
    func contents(_ relative: String) throws(TemplateError) -> Data {
        let data = try folder.use { folder throws(GuardedFolderError) in
            try folder.contents(of: relative, atMost: Self.fileBytesMax)
        }
        guard let data else { throw .broken("it names \(relative), which does not exist") }
        return data
    }

    private var folder: GuardedFolder { GuardedFolder(path: path) }

    /// All files with their contents.
    func contents() throws(TemplateError) -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for relative in try files() { contents[relative] = Array(try self.contents(relative)) }
        return contents
    }
}

extension GuardedFolder {
    /// Runs `body`, whose errors become the template's.
    func use<Value>(
        _ body: (GuardedFolder) throws(GuardedFolderError) -> Value
    ) throws(TemplateError) -> Value {
        do throws(GuardedFolderError) { return try body(self) } catch { throw .broken("\(path): \(error)") }
    }
}
