public import ProjectModel
import Synchronization

/// The stacks that are installed, and the template versions that projects are pinned to. It gives every project the
/// renderer of its own version, regardless of what is on disk.
public final class TemplateLibrary: Sendable {
    /// Renderers that are kept ready, those of installed versions aside.
    static let renderersMax = 32

    /// A stack on disk.
    public struct Installed: Sendable {
        /// What is on disk.
        public let content: TemplateContent
        /// The version's renderer.
        public let renderer: any StackRenderer

        public init(content: TemplateContent, renderer: any StackRenderer) {
            self.content = content
            self.renderer = renderer
        }
    }

    /// Stacks by name, as they were on disk when the manager started.
    public let installed: [StackName: Installed]
    /// The stack of projects that name none.
    public let defaultStack: StackName
    private let store: any TemplateVersionStore
    private let reader: any TemplateReader
    /// Renderers of versions that are not installed, the least recently used first.
    private let kept = Mutex<[(digest: TemplateDigest, renderer: any StackRenderer)]>([])

    /// A library.
    ///
    /// - Parameter reader: Reads versions that are not installed any more.
    public init(
        installed: [StackName: Installed], defaultStack: StackName, store: any TemplateVersionStore,
        reader: any TemplateReader
    ) {
        self.installed = installed
        self.defaultStack = defaultStack
        self.store = store
        self.reader = reader
    }

    /// Stores what is installed, before any project is pinned to it.
    public func storeInstalled() async throws(StoreError) {
        for stack in installed.values { try await store.save(stack.content) }
    }

    /// Removes versions that neither a project uses nor a stack has on disk.
    public func removeUnused() async throws(StoreError) -> Set<TemplateDigest> {
        try await store.removeUnused(keeping: Set(installed.values.map(\.content.digest)))
    }

    /// The installed stack of a name, or the default one.
    public func stack(_ name: StackName?) throws(CatalogError) -> (name: StackName, version: Installed) {
        let name = name ?? defaultStack
        guard let version = installed[name] else { throw .noStack(name.text, installed.keys.map(\.text).sorted()) }
        return (name, version)
    }

    /// The version of a project's stack that is on disk, when it is another one than the project has.
    public func newerVersion(for record: ProjectRecord) -> TemplateDigest? {
        guard let digest = installed[record.stack]?.content.digest, digest != record.template else { return nil }
        return digest
    }

    /// Makes sure that a version which a project is about to be pinned to is stored: a manager with other stacks on
    /// disk may have removed it as unused.
    func store(_ version: Installed) async throws(CatalogError) {
        do { try await store.save(version.content) } catch { throw .store(error) }
    }

    /// The renderer of the version that a project has; of the installed one while its version is not known.
    func renderer(for record: ProjectRecord) async throws(CatalogError) -> any StackRenderer {
        guard let digest = record.template else { return try stack(record.stack).version.renderer }
        return try await renderer(of: digest)
    }

    /// What the version that a project has declares.
    public func roles(for record: ProjectRecord) async throws(CatalogError) -> StackRoles {
        let renderer = try await renderer(for: record)
        do { return try renderer.roles() } catch { throw .template(error) }
    }

    /// The renderer of a version.
    func renderer(of digest: TemplateDigest) async throws(CatalogError) -> any StackRenderer {
        if let known = known(digest) { return known }
        let content: TemplateContent?
        do { content = try await store.content(of: digest) } catch { throw .store(error) }
        guard let content else {
            throw .template(.broken("the template version \(digest.short) is not in the manager's database any more"))
        }
        let renderer: any StackRenderer
        do { renderer = try reader.renderer(of: content) } catch { throw .template(error) }
        keep(renderer, digest)
        return renderer
    }

    private func known(_ digest: TemplateDigest) -> (any StackRenderer)? {
        if let stack = installed.values.first(where: { $0.content.digest == digest }) { return stack.renderer }
        return kept.withLock { kept in
            guard let index = kept.firstIndex(where: { $0.digest == digest }) else { return nil }
            let found = kept.remove(at: index)
            kept.append(found)
            return found.renderer
        }
    }

    private func keep(_ renderer: any StackRenderer, _ digest: TemplateDigest) {
        kept.withLock { kept in
            kept.removeAll { $0.digest == digest }
            kept.append((digest, renderer))
            if kept.count > Self.renderersMax { kept.removeFirst() }
        }
    }
}
