"""Alembic's entry: runs the steps on the connection that it is handed, in that connection's transaction."""

from alembic import context

from appliance.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
context.run_migrations()
