public import Orchestrator
public import ProjectModel
public import Reconciler
import Synchronization

/// Project folders that exist in memory only.
public final class FakeFolders: ProjectFolders {
    private struct State {
        var prepared: Set<ProjectRef> = []
        var failure: TemplateError?
    }

    private let state = Mutex(State())

    /// No folders.
    public init() {}

    /// Projects whose folder exists.
    public var prepared: Set<ProjectRef> { state.withLock(\.prepared) }

    /// Makes every call fail, or succeed again.
    public func setFailure(_ failure: TemplateError?) { state.withLock { $0.failure = failure } }

    private func change(_ body: (inout Set<ProjectRef>) -> Void) throws(TemplateError) {
        try state.withLock { state throws(TemplateError) in
            if let failure = state.failure { throw failure }
            body(&state.prepared)
        }
    }

    /// Makes the folder.
    public func prepare(_ stack: DesiredStack, files: [String: [UInt8]]) throws(TemplateError) {
        try change { _ = $0.insert(stack.ref) }
    }

    /// Removes the folder.
    public func remove(_ ref: ProjectRef) throws(TemplateError) { try change { _ = $0.remove(ref) } }
}
