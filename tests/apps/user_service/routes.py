"""The routes: take what Pydantic has checked, call one service of usercli, give back its view."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query

from tests.apps.user_service.dependencies import ReaderDep, ServiceDep, SessionDep
from tests.apps.user_service.errors import RESPONSES
from tests.apps.user_service.schemas import Credentials, Email, NewUser, PageQuery, SignedIn, UserPage, WholeUser
from usercli.database.unit_of_work import UnitOfWork
from usercli.schemas.users import UserCriteria, UserKey, UserView
from usercli.services import users

router = APIRouter(
    prefix="/api/v1", responses=RESPONSES, generate_unique_id_function=lambda route: route.name or route.path
)

#: For the description: where the id of a new user leads.
_LINKS = {
    name: {"operationId": name, "parameters": {"user_id": "$response.body#/id"}}
    for name in ("by_id", "replace", "delete")
}


@router.post("/users", status_code=201, responses={201: {"links": _LINKS}})
async def create(new: NewUser, session: SessionDep, service: ServiceDep) -> UserView:
    data = new.checked(service.special_use_domains)
    hashed = None
    if new.password is not None:
        hashed = await service.hash_password(new.password.get_secret_value(), data.email, data.full_name)
    change = await session.run(lambda uow: users.create_user(data, uow, hashed_password=hashed))
    return change.users[0]


@router.get("/users")
async def page(asked: Annotated[PageQuery, Query()], session: ReaderDep) -> UserPage:
    def listed(uow: UnitOfWork) -> UserPage:
        criteria = UserCriteria(is_active=True if asked.active_only else None)
        found = users.Listing(criteria, uow, limit=asked.limit, skip=asked.skip, after=asked.after)
        return UserPage(users=list(found), next=found.next)

    return await session.run(listed)


@router.get("/users/by-email")
async def by_email(email: Email, session: ReaderDep) -> UserView:
    return await _shown(UserKey.parse(f"email:{email}"), session)


@router.get("/users/{user_id}")
async def by_id(user_id: uuid.UUID, session: ReaderDep) -> UserView:
    return await _shown(_key(user_id), session)


@router.put("/users/{user_id}")
async def replace(user_id: uuid.UUID, whole: WholeUser, session: SessionDep, service: ServiceDep) -> UserView:
    data = whole.checked(service.special_use_domains)
    change = await session.run(lambda uow: users.update_users([_key(user_id)], data, uow))
    return change.users[0]


@router.delete("/users/{user_id}", status_code=204, response_model=None)
async def delete(user_id: uuid.UUID, session: SessionDep) -> None:
    await session.run(lambda uow: users.delete_users([_key(user_id)], uow))


@router.post("/sign-in")
async def sign_in(given: Credentials, service: ServiceDep) -> SignedIn:
    password = given.password.get_secret_value()
    done = await service.database.run(service.auth.authenticate, given.email, password)
    return SignedIn(user=done.user, must_change_password=done.must_change_password)


async def _shown(key: UserKey, session: ReaderDep) -> UserView:
    [found] = await session.run(lambda uow: users.show_users([key], uow))
    return found


def _key(user_id: uuid.UUID) -> UserKey:
    return UserKey(typed=str(user_id), id=user_id)
