public import ProjectModel

/// Puts the functions of a project into its folder, before services that run them start.
public protocol FunctionPublishing: Sendable {
    /// Writes what differs from what is stored, and removes what is no longer a function.
    func publish(_ ref: ProjectRef) async throws
}
