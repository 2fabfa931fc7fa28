/// The decisions of `DecideSceneTests`: status and what is seen, then what is done.
enum DecideScenes {
    static let text = """
        PROVISIONING, healthy
          PROVISIONING -> ACTIVE, every required service is ready
          clears the failure
          fulfils the restart
          the volumes hold data
        PROVISIONING, silent
          PROVISIONING -> STARTING, auth is not ready: HTTP 503
          keeps the failure
        PROVISIONING, stopped
          PROVISIONING -> STARTING, auth is not ready: its container is exited
          keeps the failure
        PROVISIONING, nothing
          [] -> #1 network default CreateNetwork, not found
          [1] -> #2 db CreateContainer, not found
          [2] -> #3 db StartContainer, just created
          [1] -> #4 auth CreateContainer, not found
          [1] -> #5 rest CreateContainer, not found
          [5] -> #6 rest StartContainer, just created
          auth waits, db is not ready
        STARTING, healthy
          STARTING -> ACTIVE, every required service is ready
          clears the failure
          fulfils the restart
          the volumes hold data
        STARTING, silent
          again at 1900000ms
        STARTING, stopped
          [] -> #1 db StartContainer, it has ended
          [] -> #2 rest StartContainer, it has ended
          auth waits, db is not ready
        STARTING, nothing
          [] -> #1 network default CreateNetwork, not found
          [1] -> #2 db CreateContainer, not found
          [2] -> #3 db StartContainer, just created
          [1] -> #4 auth CreateContainer, not found
          [1] -> #5 rest CreateContainer, not found
          [5] -> #6 rest StartContainer, just created
          auth waits, db is not ready
        ACTIVE, healthy
          again when woken
          the volumes hold data
        ACTIVE, silent
          ACTIVE -> DEGRADED, auth is not ready: HTTP 503
          keeps the failure
        ACTIVE, stopped
          ACTIVE -> DEGRADED, auth is not ready: its container is exited
          keeps the failure
        ACTIVE, nothing
          ACTIVE -> DEGRADED, auth is not ready: its container does not exist yet
          keeps the failure
        DEGRADED, healthy
          DEGRADED -> ACTIVE, every required service is ready
          clears the failure
          fulfils the restart
          the volumes hold data
        DEGRADED, silent
          again when woken
        DEGRADED, stopped
          [] -> #1 db StartContainer, it has ended
          [] -> #2 rest StartContainer, it has ended
          auth waits, db is not ready
        DEGRADED, nothing
          [] -> #1 network default CreateNetwork, not found
          [1] -> #2 db CreateContainer, not found
          [2] -> #3 db StartContainer, just created
          [1] -> #4 auth CreateContainer, not found
          [1] -> #5 rest CreateContainer, not found
          [5] -> #6 rest StartContainer, just created
          auth waits, db is not ready
        PAUSING, healthy
          [] -> #1 rest StopContainer, the project is paused
          [] -> #2 auth StopContainer, the project is paused
          [2] -> #3 db StopContainer, the project is paused
        PAUSING, silent
          [] -> #1 rest StopContainer, the project is paused
          [] -> #2 auth StopContainer, the project is paused
          [2] -> #3 db StopContainer, the project is paused
        PAUSING, stopped
          PAUSING -> PAUSED, no container runs
          keeps the failure
        PAUSING, nothing
          PAUSING -> PAUSED, no container runs
          keeps the failure
        PAUSED, healthy
          [] -> #1 rest StopContainer, the project is paused
          [] -> #2 auth StopContainer, the project is paused
          [2] -> #3 db StopContainer, the project is paused
        PAUSED, silent
          [] -> #1 rest StopContainer, the project is paused
          [] -> #2 auth StopContainer, the project is paused
          [2] -> #3 db StopContainer, the project is paused
        PAUSED, stopped
          again when woken
        PAUSED, nothing
          again when woken
        RESUMING, healthy
          RESUMING -> ACTIVE, every required service is ready
          clears the failure
          fulfils the restart
          the volumes hold data
        RESUMING, silent
          again at 1900000ms
        RESUMING, stopped
          [] -> #1 db StartContainer, it has ended
          [] -> #2 rest StartContainer, it has ended
          auth waits, db is not ready
        RESUMING, nothing
          [] -> #1 network default CreateNetwork, not found
          [1] -> #2 db CreateContainer, not found
          [2] -> #3 db StartContainer, just created
          [1] -> #4 auth CreateContainer, not found
          [1] -> #5 rest CreateContainer, not found
          [5] -> #6 rest StartContainer, just created
          auth waits, db is not ready
        RESTARTING, healthy
          RESTARTING -> ACTIVE, every required service is ready
          clears the failure
          fulfils the restart
          the volumes hold data
        RESTARTING, silent
          again at 1900000ms
        RESTARTING, stopped
          [] -> #1 db StartContainer, it has ended
          [] -> #2 rest StartContainer, it has ended
          auth waits, db is not ready
        RESTARTING, nothing
          [] -> #1 network default CreateNetwork, not found
          [1] -> #2 db CreateContainer, not found
          [2] -> #3 db StartContainer, just created
          [1] -> #4 auth CreateContainer, not found
          [1] -> #5 rest CreateContainer, not found
          [5] -> #6 rest StartContainer, just created
          auth waits, db is not ready
        UPGRADING, healthy
          UPGRADING -> ACTIVE, the upgrade to template version abababababab is done
          clears the failure
          fulfils the restart
          releases unused ports
          the volumes hold data
        UPGRADING, silent
          again at 4600000ms
        UPGRADING, stopped
          [] -> #1 db StartContainer, it has ended
          [] -> #2 rest StartContainer, it has ended
          auth waits, db is not ready
        UPGRADING, nothing
          [] -> #1 network default CreateNetwork, not found
          [1] -> #2 db CreateContainer, not found
          [2] -> #3 db StartContainer, just created
          auth waits, db is not ready
          rest waits, db is not ready
        REVERTING, healthy
          REVERTING -> ACTIVE, the upgrade was cancelled; the project is back at template version abababababab
          clears the failure
          fulfils the restart
          releases unused ports
          the volumes hold data
        REVERTING, silent
          again at 1900000ms
        REVERTING, stopped
          [] -> #1 db StartContainer, it has ended
          [] -> #2 rest StartContainer, it has ended
          auth waits, db is not ready
        REVERTING, nothing
          [] -> #1 network default CreateNetwork, not found
          [1] -> #2 db CreateContainer, not found
          [2] -> #3 db StartContainer, just created
          [1] -> #4 auth CreateContainer, not found
          [1] -> #5 rest CreateContainer, not found
          [5] -> #6 rest StartContainer, just created
          auth waits, db is not ready
        RESTORING, healthy
          [] -> #1 rest StopContainer, the project is paused
          [] -> #2 auth StopContainer, the project is paused
          [2] -> #3 db StopContainer, the project is paused
        RESTORING, silent
          [] -> #1 rest StopContainer, the project is paused
          [] -> #2 auth StopContainer, the project is paused
          [2] -> #3 db StopContainer, the project is paused
        RESTORING, stopped
          again when woken
        RESTORING, nothing
          again when woken
        ROLLING_BACK, healthy
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        ROLLING_BACK, silent
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        ROLLING_BACK, stopped
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        ROLLING_BACK, nothing
          ROLLING_BACK -> FAILED, no object of the project is left on the engine
          keeps the failure
        FAILED, healthy
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        FAILED, silent
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        FAILED, stopped
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        FAILED, nothing
          again when woken
        DELETING, healthy
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        DELETING, silent
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        DELETING, stopped
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        DELETING, nothing
          DELETING -> DELETED, no object of the project is left on the engine
          keeps the failure
        DELETED, healthy
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        DELETED, silent
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        DELETED, stopped
          [] -> #1 auth RemoveContainer, the project is to go
          [] -> #2 db RemoveContainer, the project is to go
          [] -> #3 rest RemoveContainer, the project is to go
          [1, 2, 3] -> #4 network p_default RemoveNetwork, the project is to go
        DELETED, nothing
          forget the project
        """
}
