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

    /// Reads and checks a stack, and says which one it is when it cannot be used.
    public func template(of stack: StackName) throws(TemplateError) -> StackTemplate {
        let names = names
        guard names.contains(stack) else {
            let found = names.isEmpty ? "there is none" : "there are \(names.map(\.text).joined(separator: ", "))"
            throw .broken("no stack \(stack) is in \(path): \(found)")
        }
        do throws(TemplateError) {
            let template = try StackTemplate(folder: folder(of: stack))
            _ = try TemplateValidation(template)
            return template
        } catch { throw .broken("the stack \(stack) in \(path): \(error)") }
    }

    /// Reads and checks all stacks, of which `required` must be one.
    public func renderers(
        _ settings: ComposeStackRenderer.Settings, requiring required: StackName
    ) throws(TemplateError) -> [StackName: ComposeStackRenderer] {
        var renderers: [StackName: ComposeStackRenderer] = [:]
        for name in Set(names).union([required]).sorted() {
            renderers[name] = ComposeStackRenderer(template: try template(of: name), settings: settings)
        }
        return renderers
    }
}

extension ComposeStackRenderer {
    /// The stack as the library of templates has it.
    public var installed: TemplateLibrary.Installed {
        TemplateLibrary.Installed(content: template.content, renderer: self)
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
