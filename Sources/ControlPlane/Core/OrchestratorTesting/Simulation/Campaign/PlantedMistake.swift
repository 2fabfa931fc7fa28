/// Mistakes that a manager could make. A simulation can plant one, to show that the auditor would find it: they sit in
/// the ports of the simulated manager, never in the program.
public enum PlantedMistake: String, Sendable, CaseIterable, Codable {
    /// A status is written without checking that it is still the one that was read.
    case writeStatusBlindly
    /// A project becomes PAUSED or ACTIVE by a jump that the machine does not know.
    case skipStatus
    /// Ports and subnet are given up when the deletion is asked for, not when nothing is left.
    case freeLeasesEarly
    /// A failed stop counts as done.
    case ignoreStopFailure
    /// A failed removal counts as done.
    case ignoreRemoveFailure
    /// Containers are removed by a part of their name, without checking their owner.
    case removeByName
    /// A project counts as gone although networks are left.
    case overlookNetworks
    /// A project counts as gone although volumes are left.
    case overlookVolumes
    /// Volumes go away with the containers of a pause.
    case dropVolumesOnPause
    /// A volume that is missing is made again, empty.
    case recreateVolumes
    /// Every running service counts as healthy.
    case trustRunning
    /// A service that was healthy once stays healthy.
    case trustFirstProbe
    /// Projects are never listed: only requested ones are observed.
    case forgetRelist
    /// A stopped container is hidden from the loop.
    case overlookStopped
    /// A failure is stored without its cause.
    case dropFailureCause
    /// The log shows a password.
    case logSecret
    /// Deleted projects keep their folder.
    case keepFolder
    /// Deleted projects keep their sealed secrets.
    case keepSecrets
    /// Deleted projects keep their ports and subnet.
    case keepLeases
    /// A change of the clock is not detected.
    case trustClock
    /// What a restarted manager finds of a deletion is not finished.
    case forgetDeletions
    /// Objects that were missing at a project's deletion are never checked again.
    case forgetTombstones

    /// A service that a manager has not probed counts as silent since its container's start.
    case blameUnprobed

    /// A manager acts on the engine without asking whether it still holds the lease.
    case skipEngineFence
    /// What a manager writes is not bound to the lease.
    case skipStoreFence

    /// Projects are rendered by the template that is on disk, not by the version that they are pinned to.
    case rollOverAtStart
    /// An upgrade overwrites what it would go back to.
    case forgetPreviousVersion
    /// A service of an upgrade counts as ready when it runs.
    case skipUpgradeGate

    /// A change of status is stored without its event.
    case loseTransitionEvent
    /// An event has the facts of the one before.
    case mixUpFacts
    /// What the manager restarts is not written into the history.
    case loseRestarts

    /// What a superseded manager writes about jobs is not refused.
    case skipJobFence
    /// A job is claimed under a term that is over.
    case claimUnderOldTerm
    /// A job that runs at most once is run again when its manager was gone.
    case rerunAtMostOnce
    /// A recurring job is due one interval after it was due before, however late that is.
    case pileUpMissedRuns
    /// A recurring job runs once.
    case endSchedule
    /// Jobs of managers that are gone are never looked for.
    case forgetTakeover
    /// A job counts as done when it is claimed.
    case callDoneAtClaim
    /// The times of jobs stay far ahead after the clock was set back.
    case trustJobClock
    /// Locks of jobs are not stored.
    case ignoreJobLocks
    /// A job that is enqueued again is another one.
    case forgetJobKey
    /// A job is given up at its first failure.
    case giveUpEarly

    /// Whether it needs no projects to be found.
    public var isAboutJobs: Bool {
        switch self {
        case .skipJobFence, .claimUnderOldTerm, .rerunAtMostOnce, .pileUpMissedRuns, .endSchedule, .forgetTakeover,
            .callDoneAtClaim, .trustJobClock, .ignoreJobLocks, .forgetJobKey, .giveUpEarly:
            true
        default: false
        }
    }

    /// Seeds, from 0, within which the auditor finds it. A mistake that takes more has become invisible: a change of
    /// the program or of the simulation has to say why, or make it visible again.
    public var seedsMax: UInt64 {
        switch self {
        case .skipStatus, .ignoreStopFailure, .removeByName, .dropVolumesOnPause, .recreateVolumes, .trustRunning,
            .trustFirstProbe, .forgetRelist, .logSecret, .keepFolder, .keepSecrets, .keepLeases, .trustClock,
            .forgetDeletions, .blameUnprobed, .loseTransitionEvent, .mixUpFacts:
            5
        case .loseRestarts: 15
        case .claimUnderOldTerm, .rerunAtMostOnce, .pileUpMissedRuns, .endSchedule, .forgetTakeover, .callDoneAtClaim,
            .trustJobClock, .ignoreJobLocks, .forgetJobKey, .giveUpEarly:
            5
        case .skipJobFence: 60
        case .freeLeasesEarly: 15
        case .rollOverAtStart, .forgetPreviousVersion, .skipUpgradeGate: 60
        // These need a fault or a request at the right moment.
        case .writeStatusBlindly, .ignoreRemoveFailure, .overlookNetworks, .overlookVolumes, .dropFailureCause,
            .forgetTombstones:
            60
        // A probe nearly always finds what the engine's list does not show; there are two managers in every third seed
        // only, and one of them has to be stopped between two calls.
        case .overlookStopped, .skipStoreFence: 150
        case .skipEngineFence: 600
        }
    }
}
