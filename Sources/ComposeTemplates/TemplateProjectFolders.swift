import FoundationEssentials
public import Orchestrator
public import ProjectModel
public import Reconciler

/// Folders of projects, filled with the files that the template names.
public struct TemplateProjectFolders: ProjectFolders {
    /// Most files that a template may bring.
    static let filesMax = 1_000
    /// Largest file that a template may bring, in bytes.
    static let fileBytesMax = 8 << 20

    private let template: StackTemplate
    private let root: String

    /// Folders below `root`, which is made with access for its owner alone.
    public init(template: StackTemplate, root: String) {
        self.template = template
        self.root = root
    }

    /// Writes what differs; what is there and equal is left alone.
    public func prepare(_ stack: DesiredStack) throws(TemplateError) {
        let folder = path(of: stack.ref)
        do {
            let files = FileManager.default
            try files.createDirectory(
                atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for relative in try templateFiles() {
                try write(contents(template.folder + "/" + relative), to: folder + "/" + relative)
            }
            for (relative, text) in stack.files { try write(Data(text.reveal().utf8), to: folder + "/" + relative) }
        } catch let error as TemplateError {
            throw error
        } catch { throw .broken("the folder \(folder) cannot be filled: \(error)") }
    }

    /// Removes the folder with all in it.
    public func remove(_ ref: ProjectRef) throws(TemplateError) {
        let folder = path(of: ref)
        guard FileManager.default.fileExists(atPath: folder) else { return }
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch { throw .broken("the folder \(folder) cannot be removed: \(error)") }
    }

    private func path(of ref: ProjectRef) -> String { root + "/" + ref.text }

    /// Paths of the template's files, relative to its folder.
    private func templateFiles() throws -> [String] {
        var found: [String] = []
        var open = template.manifest.files
        while let relative = open.popLast() {
            guard found.count < Self.filesMax else { throw TemplateError.broken("it has over \(Self.filesMax) files") }
            var isFolder = false
            guard FileManager.default.fileExists(atPath: template.folder + "/" + relative, isDirectory: &isFolder)
            else { throw TemplateError.broken("it names \(relative), which does not exist") }
            if isFolder {
                let names = try FileManager.default.contentsOfDirectory(atPath: template.folder + "/" + relative)
                open += names.map { relative + "/" + $0 }
            } else {
                found.append(relative)
            }
        }
        return found.sorted()
    }

    private func contents(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path), data.count <= Self.fileBytesMax else {
            throw TemplateError.broken("\(path) cannot be read or is larger than \(Self.fileBytesMax) bytes")
        }
        return data
    }

    /// Writes a file in place, so that a running container that mounts it sees it; equal content is left alone.
    private func write(_ data: Data, to path: String) throws {
        if FileManager.default.contents(atPath: path) == data { return }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try data.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    }
}
