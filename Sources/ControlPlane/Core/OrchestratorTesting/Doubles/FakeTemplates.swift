public import Orchestrator
import ProjectModel
import Synchronization

/// Template versions of tests: each is a ``FakeRenderer``, known by a digest that counts them.
public final class FakeTemplates: TemplateReader {
    private let renderers = Mutex<[TemplateDigest: any StackRenderer]>([:])

    /// No versions.
    public init() {}

    /// Makes a version of a renderer.
    public func version(of renderer: any StackRenderer) -> TemplateLibrary.Installed {
        renderers.withLock { renderers in
            let content = Self.content(renderers.count + 1)
            renderers[content.digest] = renderer
            return TemplateLibrary.Installed(content: content, renderer: renderer)
        }
    }

    /// The content of the version with this number.
    public static func content(_ number: Int) -> TemplateContent {
        let digits = String(number, radix: 16)
        let text = String(repeating: "0", count: TemplateDigest.length - digits.count) + digits
        guard let digest = TemplateDigest(text) else { preconditionFailure("\(text) has the digits of a digest") }
        return TemplateContent(digest: digest, files: ["compose.yaml": Array("version \(number)".utf8)])
    }

    /// The renderer of a version that was made here.
    public func renderer(of content: TemplateContent) throws(TemplateError) -> any StackRenderer {
        guard let renderer = renderers.withLock({ $0[content.digest] }) else {
            throw .broken("the version \(content.digest.short) was not made by this test")
        }
        return renderer
    }
}

extension TemplateLibrary {
    /// A library with one stack that never changes, for tests that are not about versions.
    public convenience init(only renderer: any StackRenderer, in store: any TemplateVersionStore) {
        let templates = FakeTemplates()
        self.init(
            installed: [.supabase: templates.version(of: renderer)], defaultStack: .supabase, store: store,
            reader: templates)
    }
}
