"""Logging in to the project's database, with bounded patience and clear refusals."""

import threading
import time

import psycopg2
import psycopg2.extensions

from contract import Refusal

START_DEADLINE_SECONDS = 60
CONNECT_TIMEOUT_SECONDS = 3
RETRY_PAUSE_SECONDS = 0.2

# Errors that no amount of waiting cures.
_HOPELESS = ("password authentication failed", "no password supplied", "no pg_hba.conf entry", "does not exist",
             "not permitted to log in", "permission denied")


def _open(settings, service):
    connection = psycopg2.connect(
        **settings, connect_timeout=CONNECT_TIMEOUT_SECONDS, application_name=service, keepalives_idle=30)
    connection.autocommit = True
    return connection


def connect(settings, service):
    """Opens a connection; waits for a server that is not there yet, refuses one that does not let us in."""
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    while True:
        try:
            return _open(settings, service)
        except psycopg2.OperationalError as error:
            reason = str(error).strip().splitlines()[-1]
            if any(text in reason for text in _HOPELESS):
                raise Refusal(f"the database refuses {settings['user']}: {reason}") from error
            if time.monotonic() >= deadline:
                raise Refusal(f"no database after {START_DEADLINE_SECONDS} s: {reason}") from error
        time.sleep(RETRY_PAUSE_SECONDS)


class Database:
    """One connection, opened again when it broke, for one request at a time."""

    def __init__(self, settings, service):
        self._settings = settings
        self._service = service
        self._lock = threading.Lock()
        self._connection = connect(settings, service)

    def run(self, work):
        """Runs work(cursor) in one transaction and returns its answer; after a broken connection once more."""
        with self._lock:
            try:
                return self._transaction(work)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._connection.close()
                self._connection = _open(self._settings, self._service)
                return self._transaction(work)

    def _transaction(self, work):
        with self._connection.cursor() as cursor:
            cursor.execute("begin")
            try:
                answer = work(cursor)
                cursor.execute("commit")
                return answer
            except BaseException:
                if not self._connection.closed and \
                        self._connection.info.transaction_status != psycopg2.extensions.TRANSACTION_STATUS_UNKNOWN:
                    cursor.execute("rollback")
                raise

    def value(self, statement, parameters=()):
        """The first column of the first row, or None."""
        def work(cursor):
            cursor.execute(statement, parameters)
            row = cursor.fetchone()
            return row[0] if row else None
        return self.run(work)

    def execute(self, statement, parameters=()):
        self.run(lambda cursor: cursor.execute(statement, parameters))

    def is_alive(self):
        try:
            return self.value("select 1") == 1
        except psycopg2.Error:
            return False

    def require(self, condition, reason, parameters=()):
        """Refuses to start unless the SQL expression `condition` is true."""
        if self.value(f"select coalesce(({condition}), false)", parameters) is not True:
            raise Refusal(reason)

    def require_schema(self, schema):
        self.require(
            "select has_schema_privilege(current_user, oid, 'CREATE') from pg_namespace where nspname = %s",
            f"{self._settings['user']} cannot create tables in schema {schema} of database {self._settings['dbname']}",
            (schema,))
