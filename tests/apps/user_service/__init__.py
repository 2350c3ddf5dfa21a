"""A web service over usercli's users: FastAPI, Pydantic, usercli's services, SQLAlchemy, the database and back.

`uvicorn --factory tests.apps.user_service.app:create_app` serves the database that usercli's settings name.
It lets everybody do everything: who may call what is a service's own business.
"""
