import Orchestrator
import ProjectModel

/// Transitions that only the loops make.
enum StatusTransitionFixture {
    /// The end of a rollback: the leases are gone, the reason stays.
    static func failed(_ ref: ProjectRef) -> StatusTransition {
        StatusTransition(
            from: .rollingBack, to: .failed, cause: "nothing is left",
            failure: ProjectFailure(service: ServiceName("db"), message: "db ended with 1", logTail: "no space\nbye"),
            leases: .release, at: SystemTime().now())
    }
}
