public import ProjectModel
public import Reconciler

/// Why a request to the catalogue failed. The HTTP layer gives each a status in one place.
public enum CatalogError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no such project.
    case notFound(ProjectRef)
    /// No stack of this name is installed; those that are.
    case noStack(String, [String])
    /// Not possible in the status that the project has.
    case conflict(ProjectStatus, ProjectLifecycle.Event)
    /// Not possible while another operation is in progress.
    case busy(ProjectOperation, status: ProjectStatus, event: ProjectLifecycle.Event)
    /// The project has no operation with this id.
    case noOperation(String)
    /// The operation cannot be taken back; the text says why.
    case notCancellable(String)
    /// The status changed between reading and writing.
    case changedMeanwhile(ProjectRef)
    /// The name is not one.
    case badName(ProjectName.Problem)
    /// The database password cannot be used.
    case badPassword(String)
    /// The template or the selection of services.
    case template(TemplateError)
    /// The project's stack has nothing for this request.
    case unsupported(ProjectRef, StackGap)
    /// Ports or subnets.
    case leases(LeaseError)
    case store(StoreError)
    case keys(KeyError)
    /// A setting, a key's name or a function secret cannot be as asked for; the text says why and holds no value.
    case badSetting(String)
    /// The project is on its way out: nothing about it can be changed.
    case notChangeable(ProjectStatus)
    /// The project has no API key with this id.
    case noAPIKey(String)
    /// Another API key of the same kind has the name.
    case keyNameTaken(String)
    /// No volume of this name is kept.
    case noKeptVolume(String)
    /// There is no orphan by this number.
    case noOrphan(Int64)
    /// The project is being deleted already, and its volumes have another fate than is asked for now.
    case deletionContradicts(ProjectRef, keepsVolumes: Bool)
    /// The project has no volume of this name that holds data.
    case noVolume(String)
    /// The project cannot be upgraded like this; the text says why.
    case notUpgradable(String)
    /// Another version of the stack is installed than the requested one.
    case otherVersion(wanted: String, String)
    /// What is kept of the project cannot be given to another one; the text says why.
    case notAttachable(String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .notFound(let ref): "there is no project \(ref)"
        case .noStack(let name, let installed):
            "no stack named \"\(name)\" is installed: choose one of \(installed.joined(separator: ", "))"
        case .conflict(let status, let event):
            "this is not possible while the project is \(status.rawValue) (\(event))"
        case .busy(let operation, status: let status, event: let event):
            "the request is not possible while the project is \(status.rawValue) (\(event)): "
                + "a \(operation.kind.rawValue) is in progress since \(operation.requestedAt)"
        case .noOperation(let id): "the project has no operation with the id \(id)"
        case .notCancellable(let text): text
        case .changedMeanwhile(let ref): "project \(ref) changed at the same moment: reload it and repeat"
        case .badName(let problem): "\(problem)"
        case .badPassword(let text): text
        case .template(let error): "\(error)"
        case .unsupported(let ref, let gap): "this is not supported by the stack of project \(ref): \(gap)"
        case .leases(let error): "\(error)"
        case .store(let error): "\(error)"
        case .keys(let error): "\(error)"
        case .badSetting(let text): text
        case .notChangeable(let status): "a project cannot be changed while it is \(status.rawValue)"
        case .noAPIKey(let id): "the project has no API key with the id \(id)"
        case .noKeptVolume(let name): "no volume named \(name) is kept"
        case .deletionContradicts(let ref, let keepsVolumes):
            "project \(ref) is being deleted already and its volumes are "
                + (keepsVolumes ? "kept: destroy them afterwards" : "destroyed: that cannot be taken back")
        case .noOrphan(let number): "there is no orphan \(number)"
        case .noVolume(let name): "the project has no volume \(name) that holds data"
        case .notAttachable(let text): text
        case .notUpgradable(let text): "the project cannot be upgraded: \(text)"
        case .otherVersion(let wanted, let installed):
            "template version \(wanted) is not the installed one, \(installed): check its plan and repeat the request"
        case .keyNameTaken(let name): "an API key of this kind named \"\(name)\" exists already in this project"
        }
    }
}
