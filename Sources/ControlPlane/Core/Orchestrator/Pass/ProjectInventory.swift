import ProjectModel
import Reconciler

/// The objects of a project on the engine: the list by label, with volumes added that were attached, and without those
/// that are kept.
struct ProjectInventory: Sendable {
    /// What a plan may act on.
    var observed = ObservedStack()
    /// Whether volumes are left out of ``observed``.
    var keepsVolumes = false
    /// The projects of attached volumes, which have another label than this project's.
    var owners: [String: ProjectRef] = [:]
    /// The records of the project's volumes; read only for one that should run.
    var volumes: [VolumeRecord] = []
    /// What must not be done to them.
    var verdict = DataVerdict()
    /// Entries to store before the objects are changed.
    var entries = InventoryEntries()
}

/// What an inventory is a reason to store.
struct InventoryEntries: Sendable {
    /// The template version that the containers prove to be made from.
    var template: TemplateDigest?
    /// Volumes that are new or have changed: the mark of one is known before it is made.
    var volumes: [VolumeRecord] = []
    /// The receipt of a deletion: nothing is removed that is not on it.
    var receipt: DeletionReceipt?
    /// Kept volumes that are destroyed.
    var gone: [VolumeRecord] = []
}
