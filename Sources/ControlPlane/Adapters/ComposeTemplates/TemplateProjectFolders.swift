import FoundationEssentials
public import Orchestrator
public import ProjectModel
public import Reconciler

/// Folders of projects, filled with the files of each project's template version.
public struct TemplateProjectFolders: ProjectFolders {
    private let root: String

    /// Folders below `root`, which is made with access for its owner alone.
    public init(root: String) { self.root = root }

    /// Writes what differs; what is there and equal is left alone, and so are functions that people deployed.
    public func prepare(_ stack: DesiredStack, files: [String: [UInt8]]) throws(TemplateError) {
        let folder = path(of: stack.ref)
        do {
            try FileManager.default.createDirectory(
                atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
            let guarded = GuardedFolder(path: folder)
            for (relative, bytes) in files.sorted(by: { $0.key < $1.key })
            where !TemplateFunctionFolders.isReplaced(
                relative, inProjectFolder: folder, functions: stack.functionsFolder)
            {
                try guarded.write(Data(bytes), to: relative)
            }
            for (relative, text) in stack.files { try guarded.write(Data(text.reveal().utf8), to: relative) }
        } catch { throw .broken("the folder \(folder) cannot be filled: \(FileFailureText.of(error))") }
    }

    /// Removes the folder with all in it.
    public func remove(_ ref: ProjectRef) throws(TemplateError) {
        let folder = path(of: ref)
        guard FileManager.default.fileExists(atPath: folder) else { return }
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch { throw .broken("the folder \(folder) cannot be removed: \(FileFailureText.of(error))") }
    }

    private func path(of ref: ProjectRef) -> String { root + "/" + ref.text }
}
