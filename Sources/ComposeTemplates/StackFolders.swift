import FoundationEssentials
public import Orchestrator
public import ProjectModel

/// The folder that holds the installed stacks, one folder each, named after the stack.
public struct StackFolders: Sendable {
    /// Absolute path of the folder.
    public let path: String

    /// The folder at `path`.
    public init(path: String) { self.path = path }

    /// Stacks in it: folders that have the name of a stack and a Compose file.
    public var names: [StackName] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return entries.compactMap { StackName($0) }.filter { name in
            FileManager.default.fileExists(atPath: folder(of: name) + "/" + StackTemplate.fileName)
        }.sorted()
    }

    /// Absolute path of a stack's folder.
    public func folder(of stack: StackName) -> String { path + "/" + stack.text }

    /// Reads a stack, and says which one it is when it cannot be used.
    public func template(of stack: StackName) throws(TemplateError) -> StackTemplate {
        let names = names
        guard names.contains(stack) else {
            let found = names.isEmpty ? "there is none" : "there are \(names.map(\.text).joined(separator: ", "))"
            throw .broken("no stack \(stack) is in \(path): \(found)")
        }
        return try StackTemplate(folder: folder(of: stack))
    }

    /// Reads all stacks.
    public func installed(
        _ settings: ComposeStackRenderer.Settings
    ) throws(TemplateError) -> [StackName: TemplateLibrary.Installed] {
        var installed: [StackName: TemplateLibrary.Installed] = [:]
        for name in names {
            let template = try template(of: name)
            do throws(TemplateError) { _ = try TemplateValidation(template) } catch {
                throw .broken("the stack \(name) in \(path): \(error)")
            }
            installed[name] = TemplateLibrary.Installed(
                content: template.content, renderer: ComposeStackRenderer(template: template, settings: settings))
        }
        return installed
    }
}

/// Reads stored template versions: the ``Orchestrator/TemplateReader`` of production.
public struct ComposeTemplateReader: TemplateReader {
    private let settings: ComposeStackRenderer.Settings

    /// A reader whose renderers have the installation's settings.
    public init(settings: ComposeStackRenderer.Settings) { self.settings = settings }

    /// Reads and checks a content.
    public func renderer(of content: TemplateContent) throws(TemplateError) -> any StackRenderer {
        ComposeStackRenderer(template: try StackTemplate(content: content), settings: settings)
    }
}
