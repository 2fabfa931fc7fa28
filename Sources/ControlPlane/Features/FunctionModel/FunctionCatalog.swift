import FoundationEssentials
public import Orchestrator
public import ProjectModel

/// What people can ask of Edge Functions. Requests change the store; the copies in the project's folder follow when the
/// change is certain to stay.
public struct FunctionCatalog: Sendable {
    private let store: any FunctionStore
    private let publisher: FunctionPublisher
    private let time: any TimeSource
    private let digest: FunctionRules.DigestFunction
    private let drawID: @Sendable () -> String

    /// A catalogue on its ports.
    ///
    /// - Parameters:
    ///   - digest: SHA-256 in hexadecimal.
    ///   - drawID: identifier of a new function, a UUID; simulations bring their own.
    public init(
        store: any FunctionStore, publisher: FunctionPublisher, time: any TimeSource = SystemTime(),
        digest: @escaping FunctionRules.DigestFunction,
        drawID: @escaping @Sendable () -> String = FunctionCatalog.randomID
    ) {
        self.store = store
        self.publisher = publisher
        self.time = time
        self.digest = digest
        self.drawID = drawID
    }

    /// A random UUID in lower case.
    public static let randomID: @Sendable () -> String = { UUID().uuidString.lowercased() }

    /// The functions of a project, by slug.
    public func functions(of ref: ProjectRef) async throws(FunctionError) -> [EdgeFunction] {
        try await store.functions(of: ref)
    }

    /// One function with its files.
    public func function(_ slug: String, of ref: ProjectRef) async throws(FunctionError) -> DeployedFunction {
        guard let function = try await store.function(slug, of: ref) else { throw .notFound(slug: slug) }
        return function
    }

    /// Deploys files: as a new function, or as the next version of one.
    ///
    /// - Parameter bundleOnly: only uploads; the version runs once ``update(_:of:)`` names it.
    public func deploy(
        _ draft: FunctionDraft, of ref: ProjectRef, bundleOnly: Bool = false
    ) async throws(FunctionError) -> EdgeFunction {
        let deployment = try FunctionRules.deployment(draft, newID: drawID(), digest: digest)
        let function = try await store.put(
            deployment, as: bundleOnly ? .bundle : .live, of: ref, at: time.now())
        if !bundleOnly { await publishAfterCommit(ref) }
        return function
    }

    /// Changes functions, or makes bundles live: all of them, or none.
    public func update(
        _ updates: [FunctionUpdate], of ref: ProjectRef
    ) async throws(FunctionError) -> [EdgeFunction] {
        guard updates.count <= FunctionLimits.functionsMax else {
            throw .invalid("at most \(FunctionLimits.functionsMax) functions can be updated at once")
        }
        guard Set(updates.map(\.slug)).count == updates.count else {
            throw .invalid("a function comes twice in one update")
        }
        let functions = try await store.update(updates, of: ref, at: time.now())
        await publishAfterCommit(ref)
        return functions
    }

    /// Deletes a function.
    public func delete(_ slug: String, of ref: ProjectRef) async throws(FunctionError) {
        guard try await store.delete(slug, of: ref) else { throw .notFound(slug: slug) }
        await publishAfterCommit(ref)
    }

    private func publishAfterCommit(_ ref: ProjectRef) async {
        await AfterCommit.run { [publisher] in await publisher.publishStored(ref) }
    }
}
