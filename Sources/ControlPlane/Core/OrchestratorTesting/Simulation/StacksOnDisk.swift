public import Orchestrator
public import ProjectModel
import Synchronization

/// The folder of stacks of a ``SimulatedHost``: what is in it can be changed while managers run, and counts from the
/// next start on.
public final class StacksOnDisk: Sendable {
    private let templates = FakeTemplates()
    private let versions = Mutex<[TemplateDigest: [ServiceName: String]]>([:])
    private let installed: Mutex<[StackName: TemplateLibrary.Installed]>

    public init(_ renderer: any StackRenderer) {
        installed = Mutex([.supabase: templates.version(of: renderer)])
    }

    /// Puts another template, or another stack, on disk; gives its digest.
    @discardableResult
    public func install(_ services: [TemplateService], as stack: StackName = .supabase) -> TemplateDigest {
        let version = templates.version(of: FakeRenderer(services))
        installed.withLock { $0[stack] = version }
        versions.withLock { versions in
            let images = services.map { ($0.name, $0.image) }
            versions[version.content.digest] = Dictionary(images) { first, _ in first }
        }
        return version.content.digest
    }

    /// Images of a version that was installed, by service.
    public func images(of digest: TemplateDigest) -> [ServiceName: String]? { versions.withLock { $0[digest] } }

    /// The digest of what is on disk.
    public func digest(of stack: StackName = .supabase) -> TemplateDigest? {
        installed.withLock { $0[stack]?.content.digest }
    }

    /// The stacks as a manager reads them when it starts.
    public func library(in store: any TemplateVersionStore) -> TemplateLibrary {
        TemplateLibrary(
            installed: installed.withLock { $0 }, defaultStack: .supabase, store: store, reader: templates)
    }
}
