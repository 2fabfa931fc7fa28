import FoundationEssentials
public import Orchestrator
public import ProjectModel
public import Reconciler

/// Folders of projects, filled with the files that the template names.
public struct TemplateProjectFolders: ProjectFolders {
    private let template: StackTemplate
    private let root: String

    /// Folders below `root`, which is made with access for its owner alone.
    public init(template: StackTemplate, root: String) {
        self.template = template
        self.root = root
    }

    /// Writes what differs; what is there and equal is left alone, and so are functions that people deployed.
    public func prepare(_ stack: DesiredStack) throws(TemplateError) {
        let folder = path(of: stack.ref)
        do {
            let files = FileManager.default
            try files.createDirectory(
                atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for relative in try template.files.files()
            where !TemplateFunctionFolders.isReplaced(relative, inProjectFolder: folder) {
                try write(template.files.contents(relative), to: folder + "/" + relative)
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

    /// Writes a file in place, so that a running container that mounts it sees it; equal content is left alone.
    private func write(_ data: Data, to path: String) throws {
        if FileManager.default.contents(atPath: path) == data { return }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try data.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    }
}
